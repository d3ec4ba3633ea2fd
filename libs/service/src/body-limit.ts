import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    bodyLimitBytes?: number;
  }
}

/** A route whose bodies may be larger than those of others. */
export const BodyLimit = (bytes: number): MethodDecorator => RouteConfig({ bodyLimitBytes: bytes });

/** Gives routes the limits that `BodyLimit` marks them with; before any route is there. */
export function raiseBodyLimits(fastify: FastifyInstance, usualBytes: number): void {
  fastify.addHook('onRoute', (route) => {
    const { bodyLimitBytes } = route.config ?? {};
    if (bodyLimitBytes !== undefined) route.bodyLimit = Math.max(bodyLimitBytes, usualBytes);
  });
}
