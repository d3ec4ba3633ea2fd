import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { readStatements, type StatementItem } from '../src/index.js';
import { statementEnd, statementStart } from './bank.js';

/** A tenth of it where every change must pass. */
const entries = process.env.TONGBAO_TESTS === 'quick' ? 100_000 : 1_000_000;
const batchEvery = 10;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function* statement(): Generator<string> {
  yield statementStart('EUR', 0, entries * 101);
  for (let index = 1; index <= entries; index += 100) yield Array.from({ length: 100 }, (_, more) => entry(index + more)).join('');
  yield statementEnd;
}

/** 1.01 EUR; one in ten is a batch of two transactions. */
function entry(index: number): string {
  const details = index % batchEvery === 0 ? [`<Amt Ccy="EUR">1.00</Amt>`, `<Amt Ccy="EUR">0.01</Amt>`] : [`<Amt Ccy="EUR">1.01</Amt>`];
  return `<Ntry><NtryRef>${index}</NtryRef><Amt Ccy="EUR">1.01</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-20</Dt></BookgDt><BkTxCd><Prtry><Cd>NTRF</Cd></Prtry></BkTxCd><NtryDtls>${details
    .map(
      (amount, at) =>
        `<TxDtls><Refs><EndToEndId>e-${index}-${at}</EndToEndId></Refs>${amount}<RmtInf><Ustrd>Order ${index}</Ustrd></RmtInf></TxDtls>`,
    )
    .join('')}</NtryDtls></Ntry>\n`;
}

it(`a statement of ${entries} entries is read in bounded memory`, async () => {
  const usedMb = (): number => {
    collect();
    return process.memoryUsage().heapUsed / 1024 ** 2;
  };
  let read = 0;
  let early = 0;
  let growth = 0;
  let last: StatementItem | undefined;
  for await (const item of readStatements(statement())) {
    last = item;
    if (item.kind !== 'entry' || ++read % (entries / 10) !== 0) continue;
    if (read === entries / 10) early = usedMb();
    else growth = Math.max(growth, usedMb() - early);
  }
  expect(last).toEqual({
    kind: 'statement_end',
    end: { statementId: 'S', entries, bookedEntries: entries, netMinor: BigInt(entries) * 101n, problems: 0 },
  });
  expect(growth).toBeLessThan(16);
}, 300_000);
