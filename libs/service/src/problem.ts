import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { problems, type ProblemCode } from '@tongbao/contracts';
import { Outage } from '@tongbao/event-store';
import type { FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import { PassedOn } from './passed-on.js';

/** A refused request, as the caller sees it: a problem document of RFC 9457 with a code of the closed set. */
export class Problem extends Error {
  override readonly name = 'Problem';

  /**
   * @param detail what is wrong with this request, for people
   * @param field where: `items[0].quantity`
   */
  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    readonly field?: string,
  ) {
    super(`${code}: ${detail}`);
  }

  get status(): number {
    return problems[this.code].status;
  }
}

export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  code: ProblemCode;
  detail: string;
  field?: string;
}

export function problemDocument(problem: Problem): ProblemDocument {
  const { status, title } = problems[problem.code];
  return {
    type: `urn:tongbao:problem:${problem.code}`,
    title,
    status,
    code: problem.code,
    detail: problem.detail,
    ...(problem.field && { field: problem.field }),
  };
}

const codeOfStatus: Record<number, ProblemCode> = {
  400: 'malformed',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  429: 'overloaded',
};

/** Turns anything thrown by an edge into a problem document. What nobody expected is logged and told without its insides. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (thrown instanceof PassedOn) {
      void reply.status(thrown.status).headers(thrown.headers).send(thrown.body);
      return;
    }
    const problem = this.#asProblem(thrown);
    const document = problemDocument(problem);
    if (problem.code === 'overloaded' || problem.code === 'unavailable' || problem.code === 'receipt_pending')
      void reply.header('retry-after', '1');
    void reply.status(document.status).header('content-type', 'application/problem+json').send(JSON.stringify(document));
  }

  #asProblem(thrown: unknown): Problem {
    if (thrown instanceof Problem) return thrown;
    if (thrown instanceof Outage) {
      this.logger.warn({ err: thrown }, 'a request failed because something it needs is down');
      return new Problem('unavailable', 'Something this needs is down. Repeat the request with the same idempotency key.');
    }
    const status = statusOf(thrown);
    const code = status === undefined ? undefined : codeOfStatus[status];
    if (code) return new Problem(code, thrown instanceof Error ? thrown.message : problems[code].title);
    this.logger.error({ err: thrown }, 'a request failed unexpectedly');
    return new Problem(
      'internal',
      'The request failed unexpectedly. Whether it took effect is unknown: repeat it with the same idempotency key.',
    );
  }
}

/** Status of Nest's and Fastify's own errors. */
function statusOf(thrown: unknown): number | undefined {
  if (thrown instanceof HttpException) return thrown.getStatus();
  if (thrown instanceof Error && 'statusCode' in thrown && typeof thrown.statusCode === 'number') return thrown.statusCode;
  return undefined;
}
