import { RouteConfig } from '@nestjs/platform-fastify';
import { problems } from '@tongbao/contracts';
import { Problem } from '@tongbao/service';
import type { FastifyInstance } from 'fastify';
import type { Readable } from 'node:stream';

declare module 'fastify' {
  interface FastifyContextConfig {
    takesFile?: boolean;
  }
}

export const fileType = 'application/octet-stream';

/** A route whose body is a file: its handler gets the stream, of which nothing is in memory. */
export const TakesFile = (): MethodDecorator => RouteConfig({ takesFile: true });

/** Lets the routes that are marked take files; before any request is there. Elsewhere a file is refused as every other type is. */
export function takeFiles(fastify: FastifyInstance): void {
  fastify.addContentTypeParser(fileType, (request, payload, done) => {
    if (request.routeOptions.config.takesFile) done(null, payload);
    else done(new Problem('unsupported_media_type', problems.unsupported_media_type.title));
  });
}

/** @throws Problem where no file was sent */
export function fileIn(body: unknown): Readable {
  if (typeof body === 'object' && body !== null && 'pipe' in body) return body as Readable; // what `takeFiles` passes on
  throw new Problem('unsupported_media_type', `The body is the bill as the provider gives it, with content-type ${fileType}.`);
}
