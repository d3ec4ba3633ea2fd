import type { Movement } from './bill-line.js';
import { type Group, addToGroup } from './reconcile.group.js';
import { type Rules, type Verdict, judge, rulesOf } from './reconcile.judge.js';
import { familyOf, partOf, subjectByKey, subjectByRef } from './reconcile.subject.js';
import { SummaryCount } from './reconcile.summary.js';
import { type Movements, type ReconcileInput, type ReconcileItem, type ReconcileOptions, type Side, sides } from './reconcile.types.js';
import { Spill } from './spill.js';

/**
 * Three-way reconciliation: what we believe, the provider's trade bill, and its fund bill or payout. Movements are the same where our key is the same, or the
 * provider's number where a line has no key of ours. Whatever the order of the lines, breaks come in the same order.
 *
 * Lines are divided into parts by what they belong to and matched part by part; parts that are long are files while that lasts. Memory is bounded by a part.
 */
export async function* reconcile(input: ReconcileInput, options: ReconcileOptions = {}): AsyncGenerator<ReconcileItem> {
  const given = sides.filter((side) => input[side] !== undefined);
  const run = new ReconcileRun(rulesOf(options, given), new Spill(options.tempDir), options.partitions ?? 256);
  try {
    for (const side of given) {
      const lines = input[side];
      if (lines !== undefined) await run.take(side, lines);
    }
    await run.resolveKeyless();
    yield* run.match();
  } finally {
    await run.close();
  }
}

class ReconcileRun {
  private readonly count: SummaryCount;
  private keyless = 0;

  constructor(
    private readonly rules: Rules,
    private readonly spill: Spill,
    private readonly partitions: number,
  ) {
    this.count = new SummaryCount(rules.given);
  }

  close(): Promise<void> {
    return this.spill.close();
  }

  async take(side: Side, lines: Movements): Promise<void> {
    for await (const line of lines) {
      this.count.addLine(side, line);
      const family = familyOf(line);
      if (line.ourKey !== undefined) {
        // Nothing to wait for nine hundred times of a thousand, which is most of the time of a million lines.
        const writing = this.keep(side, subjectByKey(family, line.ourKey), line);
        if (writing !== undefined) await writing;
      } else {
        this.keyless += 1;
        const subject = subjectByRef(family, line.providerRef ?? '');
        await this.spill.add(`keyless-${side}-${partOf(subject, this.partitions)}`, JSON.stringify([subject, line]));
      }
    }
  }

  /** Gives lines without a key of ours the subject of those lines with a key that have the same provider's number: unless these are several movements. */
  async resolveKeyless(): Promise<void> {
    if (this.keyless === 0) return;
    for (let part = 0; part < this.partitions; part += 1) {
      for (const side of this.rules.given) {
        for await (const [subject, line] of this.kept(`${side}-${part}`)) {
          if (line.providerRef === undefined) continue;
          const byRef = subjectByRef(familyOf(line), line.providerRef);
          await this.spill.add(`known-${partOf(byRef, this.partitions)}`, JSON.stringify([byRef, subject]));
        }
      }
    }
    for (let part = 0; part < this.partitions; part += 1) await this.resolvePart(part);
  }

  private async resolvePart(part: number): Promise<void> {
    const known = new Map<string, string | undefined>();
    for await (const texts of this.spill.read(`known-${part}`)) {
      for (const text of texts) {
        const [byRef, subject] = JSON.parse(text) as [string, string]; // as written above
        known.set(byRef, known.has(byRef) && known.get(byRef) !== subject ? undefined : subject);
      }
    }
    for (const side of this.rules.given) {
      for await (const [byRef, line] of this.kept(`keyless-${side}-${part}`)) await this.keep(side, known.get(byRef) ?? byRef, line);
    }
  }

  async *match(): AsyncGenerator<ReconcileItem> {
    for (let part = 0; part < this.partitions; part += 1) {
      const groups = new Map<string, Group>();
      for (const side of this.rules.given) {
        for await (const [subject, line] of this.kept(`${side}-${part}`)) {
          let group = groups.get(subject);
          if (group === undefined) groups.set(subject, (group = { subject, sides: {} }));
          addToGroup(group, side, line);
        }
      }
      for (const [, group] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
        const verdict = judge(group, this.rules);
        this.count.addVerdict(group, verdict);
        yield* itemsOf(verdict);
      }
    }
    yield { type: 'summary', summary: this.count.summary() };
  }

  private keep(side: Side, subject: string, line: Movement): Promise<void> | undefined {
    return this.spill.add(`${side}-${partOf(subject, this.partitions)}`, JSON.stringify([subject, line]));
  }

  private async *kept(part: string): AsyncGenerator<[string, Movement]> {
    for await (const texts of this.spill.read(part)) {
      for (const text of texts) yield JSON.parse(text) as [string, Movement]; // as `keep` wrote it
    }
  }
}

function* itemsOf({ breaks, carried }: Verdict): Generator<ReconcileItem> {
  for (const each of breaks) yield { type: 'break', break: each };
  for (const each of carried) yield { type: 'carried', carried: each };
}
