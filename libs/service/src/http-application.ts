import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { raiseBodyLimits } from './body-limit.js';
import { AccessGuard } from './caller.js';
import { observeRequests } from './http-telemetry.js';
import { parseJsonBody } from './json-body.js';
import { Problem, problemDocument, ProblemFilter } from './problem.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The body's bytes as they came: signatures are over these. */
    rawBody?: Buffer;
  }
}

export interface HttpOptions {
  logger: Logger;
  bodyLimitBytes: number;
}

/** A Nest application on fastify with strict JSON bodies, problem documents for every error, and the access guard on every route. */
export async function createHttpApplication(module: DynamicModule | Type, options: HttpOptions): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: options.bodyLimitBytes,
    forceCloseConnections: 'idle',
    // A URL that cannot be decoded never reaches a route, nor Nest.
    frameworkErrors: (error: Error, _: FastifyRequest, reply: FastifyReply) => {
      const document = problemDocument(new Problem('malformed', error.message));
      void reply.status(document.status).header('content-type', 'application/problem+json').send(JSON.stringify(document));
    },
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, { bodyParser: false, logger: nestLogger(options.logger) });
  const fastify = app.getHttpAdapter().getInstance();
  observeRequests(fastify);
  raiseBodyLimits(fastify, options.bodyLimitBytes);
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      request.rawBody = body as Buffer;
      done(null, request.rawBody.length === 0 ? undefined : parseJsonBody(request.rawBody));
    } catch (error) {
      done(error instanceof Error ? error : new Problem('malformed', String(error)));
    }
  });
  fastify.addContentTypeParser(['application/xml', 'text/xml'], { parseAs: 'buffer' }, (request, body, done) => {
    if (request.routeOptions.config.takesXml) {
      request.rawBody = body as Buffer;
      done(null, undefined);
    } else done(new Problem('unsupported_media_type', 'The body must be application/json.'));
  });
  app.useGlobalFilters(new ProblemFilter(options.logger));
  app.useGlobalGuards(app.get(AccessGuard));
  return app;
}

/** The OpenAPI 3.1 document of an application's routes. */
export function openApiOf(app: NestFastifyApplication, title: string): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setTitle(title)
    .setVersion('1')
    .setDescription('Amounts are integers of minor units. Every error is an RFC 9457 problem document with a code.')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: "An operator's token. Platforms sign their requests instead (RFC 9421)" })
    .setOpenAPIVersion('3.1.0');
  return SwaggerModule.createDocument(app, builder.build());
}

/** Nest's own messages at their levels; its start-up chatter only when debugging. */
function nestLogger(logger: Logger): { log: Log; error: Log; warn: Log; debug: Log; verbose: Log } {
  const at =
    (level: 'debug' | 'error' | 'warn' | 'trace'): Log =>
    (message, ...rest) =>
      logger[level]({ context: rest.at(-1) }, String(message));
  return { log: at('debug'), error: at('error'), warn: at('warn'), debug: at('debug'), verbose: at('trace') };
}

type Log = (message: unknown, ...rest: unknown[]) => void;
