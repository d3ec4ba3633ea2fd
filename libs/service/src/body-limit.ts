import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    bodyLimitBytes?: number;
    takesXml?: true;
  }
}

/** A route whose bodies may be larger than those of others. */
export const BodyLimit = (bytes: number): MethodDecorator => RouteConfig({ bodyLimitBytes: bytes });

/** A route that takes a file of XML, as its bytes (`request.rawBody`), up to so many of them. */
export const XmlBody = (bytes: number): MethodDecorator => RouteConfig({ bodyLimitBytes: bytes, takesXml: true });

/** Gives routes the limits that `BodyLimit` marks them with; before any route is there. */
export function raiseBodyLimits(fastify: FastifyInstance, usualBytes: number): void {
  fastify.addHook('onRoute', (route) => {
    const { bodyLimitBytes } = route.config ?? {};
    if (bodyLimitBytes !== undefined) route.bodyLimit = Math.max(bodyLimitBytes, usualBytes);
  });
}
