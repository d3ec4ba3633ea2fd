import { Catch, UseFilters, type RpcExceptionFilter } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { throwError, type Observable } from 'rxjs';

export interface ConsumeOptions {
  group: string;
  topic: string;
  /** One type, or several that the method handles alike. */
  type: string | readonly string[];
}

/** The Nest pattern of one handler. */
export interface ConsumePattern {
  group: string;
  topic: string;
  type: string;
}

/** Marks the bus among Nest's transports: no other one takes these handlers, and the bus takes no others'. */
export const busTransport = Symbol.for('tongbao.bus');

/** Nest's own filter replaces an error by 'Internal server error'; the bus must see what was thrown to tell an outage from poison. */
@Catch()
class PassErrorsOn implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

const patternsKey = Symbol('tongbao.bus.patterns');

/**
 * Makes a method `(message: Message<T>) => Promise<void>` of a Nest controller (the class must be listed under `controllers`) the handler of a type
 * of message for a consumer group. It must be idempotent. Returning means that the effect is durable; throwing an Outage pauses the partition;
 * throwing anything else makes the message a dead letter and parks its key. May be given several times.
 */
export function Consume({ group, topic, type }: ConsumeOptions): MethodDecorator {
  const added: ConsumePattern[] = [type].flat().map((each) => ({ group, topic, type: each }));
  return (target, name, descriptor) => {
    const method: unknown = descriptor.value;
    if (typeof method !== 'function') throw new TypeError(`@Consume is for methods, ${String(name)} is none`);
    // Only this decorator writes the metadata under this key.
    const earlier = Reflect.getMetadata(patternsKey, method) as ConsumePattern[] | undefined;
    const patterns = [...(earlier ?? []), ...added];
    Reflect.defineMetadata(patternsKey, patterns, method);
    EventPattern(patterns, busTransport)(target, name, descriptor);
    if (!earlier) UseFilters(new PassErrorsOn())(target, name, descriptor);
  };
}
