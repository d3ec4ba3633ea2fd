import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ExportedEvents } from './exported-events.js';
import { FinanceHub, type Answer, type Item } from './finance-hub.js';
import { histories, writeHistory } from './history.js';

/** SQL over the exported events says the same as every endpoint does, whatever has happened. */
it('every figure is what a second computation over the exported events comes to', async () => {
  await fc.assert(
    fc.asyncProperty(histories, async (steps) => {
      const hub = await FinanceHub.open();
      try {
        writeHistory(hub.log, steps);
        await hub.folded();
        const events = await ExportedEvents.from(hub.log);
        try {
          await compareAll(hub, events);
        } finally {
          await events.close();
        }
      } finally {
        await hub.close();
      }
    }),
    { numRuns: 2, endOnFailure: true },
  );
}, 120_000);

const zones = ['Asia/Shanghai', 'Europe/Berlin', 'UTC'];

async function compareAll(hub: FinanceHub, events: ExportedEvents): Promise<void> {
  await compareFees(hub, events);
  await compareRevenue(hub, events);
  await compareFlows(hub, events);
  await comparePositions(hub, events);
  await compareStatements(hub, events);
  await compareObligations(hub, events);
  await compareWaiting(hub, events);
  await comparePayables(hub, events);
  expect(await hub.rebuilt()).toBe(true);
}

const isFee = `(payer = 'hub:fees' OR payee = 'hub:fees') AND NOT external`;
const bearer = `CASE WHEN payee = 'hub:fees' THEN payer ELSE payee END`;
/** Wallets are many, and shown as one. */
const node = (column: string) =>
  `CASE WHEN ${column} ~ '^(user|transit|dispute):' THEN split_part(${column}, ':', 1) || ':*' ELSE ${column} END`;

async function compareFees(hub: FinanceHub, events: ExportedEvents): Promise<void> {
  for (const [unit, zone] of [
    ['day', zones[0]],
    ['week', zones[1]],
    ['month', zones[2]],
  ] as const) {
    const answer = await hub.all(`fees?unit=${unit}&zone=${zone}&by=party,kind,platform,provider&limit=7`);
    const expected = await events.query<Record<string, string>>(
      `SELECT to_char(date_trunc('${unit}', at AT TIME ZONE '${zone}'), 'YYYY-MM-DD') AS period, currency, ${bearer} AS party, kind, platform, provider,
         sum(CASE WHEN payee = 'hub:fees' THEN amount ELSE 0 END)::text AS charged, sum(CASE WHEN payer = 'hub:fees' THEN amount ELSE 0 END)::text AS returned,
         count(*)::text AS transfers FROM moves WHERE ${isFee} GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6`,
    );
    expect(sorted(answer.items)).toEqual(
      sorted(
        expected.map(({ charged, returned, transfers, ...row }) => ({
          ...row,
          ...{
            chargedMinor: Number(charged),
            returnedMinor: Number(returned),
            netMinor: Number(charged) - Number(returned),
            transfers: Number(transfers),
          },
        })),
      ),
    );
    expect(sumsBy(answer.items, 'currency')).toEqual(sumsBy(answer.totals, 'currency'));
  }
}

async function compareRevenue(hub: FinanceHub, events: ExportedEvents): Promise<void> {
  const answer = await hub.all('revenue?unit=month&by=platform,provider&limit=3');
  const expected = await events.query<Record<string, string>>(
    `WITH balances AS (SELECT currency, account, sum(amount) AS balance FROM (
         SELECT currency, payee AS account, amount FROM moves WHERE NOT external UNION ALL SELECT currency, payer, -amount FROM moves WHERE NOT external
       ) sides GROUP BY 1, 2)
     SELECT currency, sum(balance) FILTER (WHERE account = 'hub:fees')::text AS fees,
       coalesce(sum(balance) FILTER (WHERE account IN ('hub:fees', 'hub:provider-fees', 'hub:bank-fees', 'hub:losses')), 0)::text AS net,
       (SELECT count(*) FROM events e WHERE type = 'PaymentCaptured' AND data->>'currency' = currency)::text AS captures,
       (SELECT coalesce(sum((data->>'amountMinor')::bigint), 0) FROM events e WHERE type = 'PaymentRefunded' AND data->>'currency' = currency)::text AS refunded
     FROM balances GROUP BY currency ORDER BY currency`,
  );
  const found = answer.totals.map(({ currency, feesMinor, netMinor, captures, refundedMinor }) => ({
    currency,
    feesMinor,
    netMinor,
    captures,
    refundedMinor,
  }));
  expect(found).toEqual(
    expected.map(({ currency, fees, net, captures, refunded }) => ({
      currency,
      ...{ feesMinor: Number(fees), netMinor: Number(net), captures: Number(captures), refundedMinor: Number(refunded) },
    })),
  );
  expect(sumsBy(answer.items, 'currency')).toEqual(sumsBy(answer.totals, 'currency'));
}

async function compareFlows(hub: FinanceHub, events: ExportedEvents): Promise<void> {
  for (const currency of ['CNY', 'USD']) {
    const { body } = await hub.get(`flows?currency=${currency}&from=2026-01-06&to=2026-01-20&edges=1000`);
    const expected = await events.query<Record<string, string> & { external: boolean }>(
      `SELECT ${node('payer')} AS "from", ${node('payee')} AS "to", kind, external, sum(amount)::text AS amount, count(*)::text AS transfers,
         CASE type WHEN 'PaymentCaptured' THEN 'payment' WHEN 'PaymentRefunded' THEN 'refund' WHEN 'entry' THEN 'entry' ELSE 'dispute' END AS cause
       FROM moves WHERE currency = $1 AND at >= timestamp '2026-01-06' AT TIME ZONE 'Asia/Shanghai' AND at < timestamp '2026-01-20' AT TIME ZONE 'Asia/Shanghai'
       GROUP BY 1, 2, 3, 4, 7`,
      [currency],
    );
    expect(sorted(body.edges)).toEqual(
      sorted(
        expected.map(({ amount, transfers, external, ...row }) => ({
          ...{ ...row, amountMinor: Number(amount), transfers: Number(transfers) },
          ...(external && { external }),
        })),
      ),
    );
    const few = (await hub.get(`flows?currency=${currency}&from=2026-01-06&to=2026-01-20&edges=2`)).body;
    const kinds = (await hub.get(`flows?currency=${currency}&from=2026-01-06&to=2026-01-20&group=type`)).body;
    expect([few.totals, kinds.totals]).toEqual([body.totals, body.totals]);
    const balance = ({ nodes }: Answer) => nodes.reduce((sum, each) => sum + each.inMinor - each.outMinor, 0);
    expect([body, few, kinds].map(balance)).toEqual([0, 0, 0]);
  }
}

/** What everything up to a position, or before a time, comes to for each party that has moved by then. */
const positionsSql = (condition: string) => `SELECT party, currency, sum(amount)::text AS amount FROM (
    SELECT payee AS party, currency, CASE WHEN external THEN 0 ELSE amount END AS amount FROM moves WHERE ${condition}
    UNION ALL SELECT payer, currency, CASE WHEN external THEN 0 ELSE -amount END FROM moves WHERE ${condition}
  ) sides WHERE party ~ '^(platform|creator):' GROUP BY 1, 2 ORDER BY 1, 2`;

async function comparePositions(hub: FinanceHub, events: ExportedEvents): Promise<void> {
  const middle = hub.log.events[Math.floor(hub.log.events.length / 2)]!;
  const moments: [string, string, unknown[]][] = [
    ['', 'true', []],
    [`asOf=${middle.position}&`, 'position <= $1', [middle.position]],
    [`asOf=${middle.position + 3n}&`, 'position <= $1', [middle.position + 3n]],
    ['asOf=2026-01-10T08:00:00%2B08:00&', `at < timestamptz '2026-01-10T08:00:00+08:00'`, []],
    ['asOf=2026-01-14T17:23:11Z&', `at < timestamptz '2026-01-14T17:23:11Z'`, []],
  ];
  for (const [asked, condition, parameters] of moments) {
    const answer = await hub.all(`positions?${asked}limit=4`);
    const expected = await events.query<Record<string, string>>(positionsSql(condition), parameters);
    expect(answer.items.map(({ party, currency, positionMinor }) => ({ party, currency, amount: String(positionMinor) }))).toEqual(
      expected,
    );
    for (const { currency, parties, owedByHubMinor, owedToHubMinor, sumMinor } of answer.totals) {
      const own = answer.items.filter((each) => each.currency === currency).map((each) => each.positionMinor);
      const sum = (amounts: number[]) => amounts.reduce((total, each) => total + each, 0);
      const [owed, owing] = [own.filter((each) => each > 0), own.filter((each) => each < 0)];
      expect([parties, owedByHubMinor, sumMinor]).toEqual([own.length, sum(owed), sum(own)]);
      expect(owedToHubMinor).toBe(sum(owing.map((each) => -each)));
    }
  }
}

async function compareStatements(hub: FinanceHub, events: ExportedEvents): Promise<void> {
  const cuts = ['', '2026-01-07', '2026-01-09T13:07:31Z', '2026-01-12', ''];
  const instants = [undefined, '2026-01-07T00:00:00+08:00', '2026-01-09T13:07:31Z', '2026-01-12T00:00:00+08:00', undefined];
  for (const party of ['platform:A', 'creator:k1']) {
    let opening = 0;
    for (const [index, from] of cuts.slice(0, -1).entries()) {
      const period = [from && `from=${from}`, cuts[index + 1] && `to=${cuts[index + 1]}`].filter(Boolean).join('&');
      const answer = await hub.all(`statements?party=${party}&currency=CNY&limit=5&${period}`, 'finance', 'lines');
      const expected = await events.query<{ kind: string; external: boolean; amount: string; lines: string }>(
        `SELECT CASE WHEN type = 'PaymentRefunded' THEN 'refund:' WHEN type LIKE 'Dispute%' THEN 'dispute:' ELSE '' END || kind AS kind, external,
           sum(CASE WHEN payee = $1 THEN amount ELSE -amount END)::text AS amount, count(*)::text AS lines
         FROM moves WHERE currency = 'CNY' AND (payee = $1 OR payer = $1) AND ($2::text IS NULL OR at >= $2::timestamptz) AND ($3::text IS NULL OR at < $3::timestamptz)
         GROUP BY 1, 2 ORDER BY 1, 2`,
        [party, instants[index] ?? null, instants[index + 1] ?? null],
      );
      const lines: Item[] = answer.lines;
      const kinds = Map.groupBy(lines, ({ kind, external = false }) => JSON.stringify([kind, external]));
      const found = [...kinds].map(([key, of]) => {
        const [kind, external] = JSON.parse(key);
        return { kind, external, amount: String(of.reduce((sum, { amountMinor }) => sum + amountMinor, 0)), lines: String(of.length) };
      });
      expect(sorted(found)).toEqual(sorted(expected));
      const moved = lines.reduce((sum, { amountMinor, external }) => sum + (external ? 0 : amountMinor), 0);
      expect([answer.openingMinor, answer.closingMinor]).toEqual([opening, opening + moved]);
      if (lines.length > 0) expect(lines.at(-1)?.balanceMinor).toBe(answer.closingMinor);
      opening = answer.closingMinor;
    }
  }
}

async function compareObligations(hub: FinanceHub, events: ExportedEvents): Promise<void> {
  const answer = await hub.all('obligations?from=2026-01-05&to=2026-02-01&limit=1');
  const expected = await events.query<Record<string, string>>(
    `SELECT currency, payer, payee, sum(amount)::text AS amount FROM moves
     WHERE payer LIKE 'platform:%' AND payee LIKE 'platform:%' AND NOT external AND at < timestamp '2026-02-01' AT TIME ZONE 'Asia/Shanghai' GROUP BY 1, 2, 3`,
  );
  const oneWay = answer.items.flatMap(({ currency, debtor, creditor, grossMinor, counterMinor }) => [
    { currency, payer: debtor, payee: creditor, amount: String(grossMinor) },
    { currency, payer: creditor, payee: debtor, amount: String(counterMinor) },
  ]);
  expect(sorted(oneWay.filter(({ amount }) => amount !== '0'))).toEqual(sorted(expected));
  for (const { currency, grossMinor, netMinor, pairs } of answer.totals) {
    const own = answer.items.filter((each) => each.currency === currency);
    const sum = (amountOf: (each: Item) => number) => own.reduce((total, each) => total + amountOf(each), 0);
    expect([pairs, grossMinor, netMinor]).toEqual([
      own.length,
      sum((each) => each.grossMinor + each.counterMinor),
      sum((each) => each.netMinor),
    ]);
    const parties = answer.parties.filter((each) => each.currency === currency);
    const net = (side: 'owesMinor' | 'isOwedMinor') => parties.reduce((total, each) => total + each[side], 0);
    expect([net('owesMinor'), net('isOwedMinor')]).toEqual([netMinor, netMinor]);
  }
}

/** What lies in suspense and on its way is what the ledger's balances of these accounts are. */
async function compareWaiting(hub: FinanceHub, events: ExportedEvents): Promise<void> {
  for (const [what, like] of [
    ['suspense', 'hub:suspense'],
    ['transit', 'transit:%'],
    ['disputes', 'dispute:%'],
  ] as const) {
    const answer = await hub.all(`ageing?what=${what}&limit=2`);
    const expected = await events.query<Record<string, string>>(
      `SELECT account, currency, ref, sum(amount)::text AS amount FROM (
         SELECT t->>'to' AS account, t->>'currency' AS currency, n->>'ref' AS ref, (t->>'amountMinor')::bigint AS amount
         FROM events e, jsonb_array_elements(data->'entries') n, jsonb_array_elements(n->'transfers') t WHERE type = 'EntriesPosted'
         UNION ALL SELECT t->>'from', t->>'currency', n->>'ref', -(t->>'amountMinor')::bigint
         FROM events e, jsonb_array_elements(data->'entries') n, jsonb_array_elements(n->'transfers') t WHERE type = 'EntriesPosted'
       ) sides WHERE account LIKE $1 GROUP BY 1, 2, 3 HAVING sum(amount) <> 0`,
      [like],
    );
    const found = answer.items.map(({ account, currency, ref, amountMinor }) => ({
      account,
      currency,
      ref,
      amount: String(amountMinor),
    }));
    expect(sorted(found)).toEqual(sorted(expected));
    expect(sumsOf(answer.items)).toEqual(Object.fromEntries(answer.totals.map(({ currency, amountMinor }) => [currency, amountMinor])));
  }
}

/** First in, first out: the newest credits (or debits) that come to a balance are what it is made of. */
async function comparePayables(hub: FinanceHub, events: ExportedEvents): Promise<void> {
  const limits = [3, 40, 66];
  const present = Math.floor(Date.parse('2026-03-20T12:00:00Z') / 3_600_000);
  for (const [what, side, sign] of [
    ['payables', 'payee', 1],
    ['receivables', 'payer', -1],
  ] as const) {
    const answer = await hub.all(`ageing?what=${what}&buckets=${limits.join(',')}&limit=3`);
    const balances = await events.query<{ party: string; currency: string; amount: string }>(positionsSql('true'));
    const expected: object[] = [];
    for (const { party, currency, amount } of balances.filter((each) => Math.sign(Number(each.amount)) === sign)) {
      const moves = await events.query<{ hour: number; amount: string }>(
        `SELECT floor(extract(epoch FROM at) / 3600)::integer AS hour, amount::text FROM moves WHERE ${side} = $1 AND currency = $2 AND NOT external ORDER BY position DESC`,
        [party, currency],
      );
      let left = Math.abs(Number(amount));
      const parts = new Map<number | null, number>();
      for (const { hour, amount: came } of moves) {
        const upTo = limits.find((limit) => present - hour < limit * 24) ?? null;
        const part = Math.min(left, Number(came));
        left -= part;
        if (part > 0) parts.set(upTo, (parts.get(upTo) ?? 0) + part);
      }
      expect(left).toBe(0);
      for (const [upToDays, part] of parts) expected.push({ account: party, currency, amountMinor: sign * part, upToDays });
    }
    expect(sorted(answer.items)).toEqual(sorted(expected));
    expect(sumsOf(answer.items)).toEqual(Object.fromEntries(answer.totals.map(({ currency, amountMinor }) => [currency, amountMinor])));
  }
}

const sorted = (rows: readonly object[]): string[] =>
  rows.map((row) => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))).sort();

const sumsOf = (items: { currency: string; amountMinor: number }[]): Record<string, number> => {
  const sums: Record<string, number> = {};
  for (const { currency, amountMinor } of items) sums[currency] = (sums[currency] ?? 0) + amountMinor;
  return sums;
};

/** Every number, summed up by one of the texts. */
function sumsBy(rows: readonly Item[], key: 'currency'): Record<string, Record<string, number>> {
  const sums: Record<string, Record<string, number>> = {};
  for (const row of rows) {
    const sum = (sums[row[key]] ??= {});
    for (const [name, value] of Object.entries(row)) if (typeof value === 'number') sum[name] = (sum[name] ?? 0) + value;
  }
  return sums;
}
