import { Problem, problemDocument, serviceNames, type ServiceName } from '@tongbao/service';
import type { Replicas } from './replicas.js';

/** What a service answered; `down` when it could not be reached. */
type Answer = { status: number; body: Record<string, unknown> } | 'down';

const answerWithinMs = 5_000;

/** Asks one process of every service the same. */
export async function askAll(replicas: Replicas, path: string, headers: Record<string, string>): Promise<Map<ServiceName, Answer>> {
  return new Map(
    await Promise.all(
      serviceNames.map(async (name): Promise<[ServiceName, Answer]> => [name, await ask(replicas.pick(name), path, headers)]),
    ),
  );
}

async function ask(url: string, path: string, headers: Record<string, string>): Promise<Answer> {
  try {
    const response = await fetch(`${url}${path}`, { headers, signal: AbortSignal.timeout(answerWithinMs) });
    // Every service answers JSON objects on the paths that are asked here.
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  } catch {
    return 'down';
  }
}

export interface Summed {
  status: number;
  body: object;
}

/** Readiness of all: what is not ready anywhere, under the service's name. */
export function sumOfHealth(answers: ReadonlyMap<ServiceName, Answer>): Summed {
  const problems: object[] = [];
  const notices: object[] = [];
  for (const [service, answer] of answers) {
    if (answer === 'down') problems.push({ name: service, problem: 'cannot be reached' });
    else if (answer.status !== 200) for (const problem of listOf(answer.body['problems'])) problems.push({ service, ...problem });
    if (answer !== 'down') for (const notice of listOf(answer.body['notices'])) notices.push({ service, ...notice });
  }
  const status = problems.length === 0 ? 'ok' : 'not ready';
  return { status: problems.length === 0 ? 200 : 503, body: { status, problems, ...(notices.length > 0 && { notices }) } };
}

/** The items of all services in one list; the first refusal instead, where one refuses. */
export function sumOfItems(answers: ReadonlyMap<ServiceName, Answer>): Summed {
  const items: object[] = [];
  for (const [service, answer] of answers) {
    if (answer === 'down') return unavailable(service);
    if (answer.status !== 200) return { status: answer.status, body: answer.body };
    items.push(...listOf(answer.body['items']));
  }
  return { status: 200, body: { items } };
}

/** One OpenAPI document out of the services'. */
export function sumOfDescriptions(answers: ReadonlyMap<ServiceName, Answer>): Summed {
  let whole: Record<string, unknown> = {};
  for (const [service, answer] of answers) {
    if (answer === 'down') return unavailable(service);
    const { body } = answer;
    const components = { schemas: { ...schemasOf(whole), ...schemasOf(body) } };
    whole = {
      ...body,
      ...whole,
      paths: { ...recordOf(body['paths']), ...recordOf(whole['paths']) },
      components: { ...recordOf(body['components']), ...components },
    };
  }
  return { status: 200, body: { ...whole, info: { ...recordOf(whole['info']), title: 'Tongbao' } } };
}

/** No service serves this path. */
export function notFound(request: string): Summed {
  const document = problemDocument(new Problem('not_found', `Cannot ${request}`));
  return { status: document.status, body: document };
}

export function unavailable(service: string): Summed {
  const document = problemDocument(new Problem('unavailable', `The ${service} service cannot be reached at the moment.`));
  return { status: document.status, body: document };
}

const schemasOf = (document: Record<string, unknown>): Record<string, unknown> => recordOf(recordOf(document['components'])['schemas']);

const recordOf = (value: unknown): Record<string, unknown> =>
  // Anything that is no object has no members to add.
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const listOf = (value: unknown): object[] =>
  Array.isArray(value) ? value.filter((each): each is object => typeof each === 'object' && each !== null) : [];
