import { inNumber } from './amounts.js';
import type { Snapshot } from './finance.reads.js';
import type { Cause } from './finance.tables.js';
import type { Period } from './period.js';

/** Money between two nodes, in minor units. */
export interface FlowEdge {
  from: string;
  to: string;
  kind: string;
  cause: Cause;
  amountMinor: number;
  transfers: number;
  /** Collected by a platform's own merchant account: not in the books. */
  external?: true;
}

/** An account, or a kind of accounts (`creator:*`). What came in less what went out is what its balance changed by. */
export interface FlowNode {
  node: string;
  inMinor: number;
  outMinor: number;
}

/** Who bought where: payers are one node. */
export interface FlowRequest {
  from: 'user:*';
  to: string;
  provider: string;
  payments: number;
  amountMinor: number;
}

export interface FlowFilter {
  currency: string;
  /** Only what goes to or comes from it. */
  account?: string | undefined;
  cause?: Cause | undefined;
}

export interface Flows {
  nodes: FlowNode[];
  edges: FlowEdge[];
  requests: FlowRequest[];
  /** Of all edges, whatever they are drawn together to. */
  totals: { amountMinor: number; externalMinor: number; transfers: number };
}

/** Accounts are shown by their names, or by their kinds. */
export type FlowGrouping = 'account' | 'type';

/** `platform:*` for `platform:A`. The hub's own accounts are few and stand for themselves. */
const typeOf = (column: string): string => `CASE WHEN ${column} LIKE 'hub:%' THEN ${column} ELSE split_part(${column}, ':', 1) || ':*' END`;

const selected = `SELECT payer, payee, kind, cause, external, sum(amount_minor) AS amount, sum(transfers) AS transfers
  FROM finance.ways JOIN finance.hourly_sums USING (way)
  WHERE currency = $1 AND hour >= $2 AND hour < $3 AND ($4::text IS NULL OR payer = $4 OR payee = $4) AND ($5::text IS NULL OR cause = $5)
  GROUP BY payer, payee, kind, cause, external`;

const grouped = `SELECT ${typeOf('payer')} AS payer, ${typeOf('payee')} AS payee, kind, cause, external, sum(amount) AS amount, sum(transfers) AS transfers
  FROM (${selected}) s GROUP BY 1, 2, 3, 4, 5`;

/** The largest edges by their accounts, and all smaller ones by the kinds of theirs: a chart of anything, and nothing lost. */
const bounded = (grouping: FlowGrouping): string => `SELECT CASE WHEN rank <= $6 THEN payer ELSE ${typeOf('payer')} END AS payer,
    CASE WHEN rank <= $6 THEN payee ELSE ${typeOf('payee')} END AS payee, kind, cause, external, sum(amount)::text AS amount, sum(transfers)::text AS transfers
  FROM (SELECT e.*, row_number() OVER (ORDER BY amount DESC, payer, payee, kind, cause, external) AS rank FROM (${grouping === 'type' ? grouped : selected}) e) e
  GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5`;

interface EdgeRow {
  payer: string;
  payee: string;
  kind: string;
  cause: Cause;
  external: boolean;
  amount: string;
  transfers: string;
}

/**
 * The graph of a period and currency.
 * @param most edges that are shown by their accounts
 */
export async function flowsOf({ tx }: Snapshot, period: Period, filter: FlowFilter, grouping: FlowGrouping, most: number): Promise<Flows> {
  const span = [filter.currency, period.fromHour, period.toHour];
  const rows = await tx.query<EdgeRow>(bounded(grouping), [...span, filter.account ?? null, filter.cause ?? null, most]);
  const requests = await tx.query<Record<'platform' | 'provider' | 'captures' | 'captured', string>>(
    `SELECT platform, provider, sum(captures)::text AS captures, sum(captured_minor)::text AS captured FROM finance.hourly_payments
     WHERE currency = $1 AND hour >= $2 AND hour < $3 AND ($4::text IS NULL OR 'platform:' || platform = $4) GROUP BY 1, 2 HAVING sum(captures) > 0 ORDER BY 1, 2`,
    [...span, filter.account ?? null],
  );
  const edges = rows.map(edgeOf);
  return {
    nodes: nodesOf(edges),
    edges,
    requests: requests.map(({ platform, provider, captures, captured }) => ({
      from: 'user:*',
      to: grouping === 'type' ? 'platform:*' : `platform:${platform}`,
      provider,
      payments: inNumber(captures),
      amountMinor: inNumber(captured),
    })),
    totals: {
      amountMinor: sumOf(edges.filter(({ external }) => !external)),
      externalMinor: sumOf(edges.filter(({ external }) => external)),
      transfers: edges.reduce((sum, { transfers }) => sum + transfers, 0),
    },
  };
}

const edgeOf = ({ payer: from, payee: to, kind, cause, external, amount, transfers }: EdgeRow): FlowEdge => ({
  ...{ from, to, kind, cause, amountMinor: inNumber(amount), transfers: inNumber(transfers) },
  ...(external && { external: true }),
});

const sumOf = (edges: readonly FlowEdge[]): number => edges.reduce((sum, { amountMinor }) => sum + amountMinor, 0);

/** What a platform's own merchant account took goes through none of these. */
function nodesOf(edges: readonly FlowEdge[]): FlowNode[] {
  const nodes = new Map<string, FlowNode>();
  const nodeOf = (name: string): FlowNode => {
    const node = nodes.get(name) ?? { node: name, inMinor: 0, outMinor: 0 };
    nodes.set(name, node);
    return node;
  };
  for (const { from, to, amountMinor, external } of edges) {
    const [payer, payee] = [nodeOf(from), nodeOf(to)];
    if (external) continue;
    payer.outMinor += amountMinor;
    payee.inMinor += amountMinor;
  }
  return [...nodes.values()].sort((a, b) => (a.node < b.node ? -1 : 1));
}
