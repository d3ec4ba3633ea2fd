import { formatMinor } from '@tongbao/money';
import type { ProjectionStatus } from './projections.command.js';
import { countText } from './text-table.js';

/** What the doctor says of one thing. */
export interface Finding {
  check: string;
  passed: boolean;
  detail: string;
  /** It passed, but somebody should know. */
  warning?: boolean;
}

/** A topic of a group, as the process that leads has it. Positions are decimal text. */
export interface GroupTopic {
  topic: string;
  position: string;
  head: string;
  open: number;
  error?: string;
  /** Partitions that wait for something that is down. */
  paused: { partition: number; since: string; error: string }[];
  /** Partitions that stand still until the process is started again. */
  failed: { partition: number; error: string }[];
}

export interface GroupStatus {
  group: string;
  state: string;
  topics: GroupTopic[];
  parkedKeys: { topic: string; key: string; deadLetters: number }[];
}

export interface TrialBalance {
  currencies: { currency: string; accounts: number; cashMinor: number; clientMoneyMinor: number }[];
  checks: { check: string; currency: string; passed: boolean; differenceMinor: number }[];
  openLines: { account: string; currency: string; ref: string; amountMinor: number; kind: string; ageSeconds: number }[];
  openLineCount: number;
}

export interface Position {
  party: string;
  currency: string;
  positionMinor: number;
}

/** What keeps a group from its messages of a topic; undefined when nothing does. */
export function standstillOf({ error, paused, failed }: GroupTopic): string | undefined {
  const [waiting] = paused;
  const [broken] = failed;
  const reasons = [
    ...(error === undefined ? [] : [error]),
    ...(broken ? [`${failed.length} partitions stand still until a restart: ${broken.error}`] : []),
    ...(waiting ? [`${paused.length} partitions wait since ${waiting.since}: ${waiting.error}`] : []),
  ];
  return reasons.length === 0 ? undefined : reasons.join('; ');
}

/** One finding for each consumer group: it runs, no partition stands still, no key is parked. */
export function consumerFindings(groups: readonly GroupStatus[]): Finding[] {
  return groups.map(({ group, state, topics, parkedKeys }) => {
    const stuck = topics.flatMap((topic) => {
      const standstill = standstillOf(topic);
      return standstill === undefined ? [] : [`${topic.topic}: ${standstill}`];
    });
    const parked = parkedKeys.map(({ topic, key, deadLetters }) => `${key} of ${topic} is parked with ${deadLetters} dead letters`);
    const wrong = [...(state === 'running' ? [] : [`it is ${state}`]), ...stuck, ...parked];
    const inHand = topics.reduce((sum, { open }) => sum + open, 0);
    return {
      check: `consumer group ${group}`,
      passed: wrong.length === 0,
      detail: wrong.length === 0 ? `${topics.length} topics, ${inHand} messages in hand` : wrong.join('; '),
    };
  });
}

const trialBalanceChecks: Record<string, string> = {
  sums_to_zero: 'balances sum to zero',
  client_money_covered: "clients' money is covered by cash",
  transit_explained: 'money in transit is explained',
  suspense_explained: 'money in suspense is explained',
};

export function ledgerFindings({ currencies, checks, openLines, openLineCount }: TrialBalance): Finding[] {
  const findings = checks.map(({ check, currency, passed, differenceMinor }) => {
    const sums = currencies.find((each) => each.currency === currency);
    const detail = passed ? detailOf(check, currency, sums) : `off by ${formatMinor(differenceMinor, currency)} ${currency}`;
    return { check: `ledger: ${trialBalanceChecks[check] ?? check}, ${currency}`, passed, detail };
  });
  const oldest = openLines[0];
  const lines = oldest ? `${countText(openLineCount)}, the oldest for ${oldest.ageSeconds} s: ${oldest.kind} of ${oldest.ref}` : 'none';
  return [...findings, { check: 'ledger: lines open in transit and suspense', passed: true, detail: lines }];
}

function detailOf(check: string, currency: string, sums: TrialBalance['currencies'][number] | undefined): string {
  if (!sums) return 'as it should be';
  if (check === 'sums_to_zero') return `over ${countText(sums.accounts)} accounts`;
  if (check === 'client_money_covered')
    return `${formatMinor(sums.clientMoneyMinor, currency)} by ${formatMinor(sums.cashMinor, currency)}`;
  return 'line by line';
}

/** Settlement's positions and the ledger's balances are two folds of the log, made by different code: they must agree. */
export function positionFinding(positions: readonly Position[], balances: readonly Position[]): Finding {
  const inLedger = new Map(balances.map((each) => [keyOf(each), each.positionMinor]));
  const inSettlement = new Map(positions.map((each) => [keyOf(each), each.positionMinor]));
  const differing = [...new Set([...inLedger.keys(), ...inSettlement.keys()])].filter(
    (key) => (inLedger.get(key) ?? 0) !== (inSettlement.get(key) ?? 0),
  );
  const detail =
    differing.length === 0
      ? `${countText(inSettlement.size)} positions`
      : differing.map((key) => `${key}: ${inSettlement.get(key) ?? 0} in settlement, ${inLedger.get(key) ?? 0} in the ledger`).join('; ');
  return { check: "settlement: positions are the ledger's balances", passed: differing.length === 0, detail };
}

/** What each party's side of a closed window comes to, by the facts and by the ledger's entries of the same facts. */
export interface WindowNets {
  windowId: string;
  parties: { party: string; netMinor: number; sides: number; ledger: { netMinor: number; sides: number } }[];
}

export function windowFinding(windows: readonly WindowNets[]): Finding {
  const differing = windows.flatMap(({ windowId, parties }) =>
    parties
      .filter(({ netMinor, sides, ledger }) => netMinor !== ledger.netMinor || sides !== ledger.sides)
      .map(({ party, netMinor, ledger }) => `${party} in ${windowId}: ${netMinor} in settlement, ${ledger.netMinor} in the ledger`),
  );
  const nets = windows.reduce((sum, { parties }) => sum + parties.length, 0);
  const detail = differing.length === 0 ? `${countText(nets)} nets of ${countText(windows.length)} closed windows` : differing.join('; ');
  return { check: "settlement: windows' nets are the ledger's movement", passed: differing.length === 0, detail };
}

const keyOf = ({ party, currency }: Position): string => `${party} ${currency}`;

/** Lag is normal while money moves; one that stands still is not. */
export function projectionFindings(projections: readonly ProjectionStatus[]): Finding[] {
  return projections.map(({ name, state, error, position, head, version }) => ({
    check: `projection ${name}`,
    passed: state === 'running' || state === 'building',
    detail:
      error ?? `${state}, version ${version}, ${BigInt(position) >= BigInt(head) ? 'up to date' : `at position ${position} of ${head}`}`,
  }));
}
