import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import type { CommandContext, Runner } from './command-context.js';
import { exitCodes, UsageError, type ExitCode } from './exit-codes.js';
import { textTable } from './text-table.js';

const errors = ['missing', 'extra', 'amount', 'fee', 'status', 'duplicate'] as const;

/** Errors of a kind that are to be in the bills: of all of a day, or of one. */
interface Plan {
  error: (typeof errors)[number];
  count: number;
  bill?: 'trade' | 'fund';
}

interface GenerateOptions {
  provider: string;
  day: string;
  errors: Plan[];
  seed: number;
  out: string;
  currency?: string;
  payout?: string;
}

const generateHelp = `
Reads the hub's own events from its event store (--event-store) and changes nothing there. Errors are named with how many of each, by comma; @trade or @fund puts
them into one of two bills only:
  tongbao bills generate --provider alipay --day 2026-03-01 --out ./bills
  tongbao bills generate --provider wechatpay --day 2026-03-01 --errors missing=2,extra=1,fee@fund=1,status=1 --out ./bills
planted.json beside the bills says what \`tongbao reconcile\` is to find.`;

export function addBillsCommands(program: Command, runs: Runner): void {
  program
    .command('bills')
    .description("bills of providers, made from the hub's own events")
    .command('generate')
    .description("make a provider's bills of a day, with chosen errors, for tests and demonstrations")
    .requiredOption('--provider <name>', 'alipay, wechatpay, stripe, or another one with terms')
    .requiredOption('--day <day>', "such as 2026-03-01, by the provider's clock")
    .requiredOption('--out <folder>', 'where the files go')
    .option('--errors <list>', 'missing, extra, amount, fee, status, duplicate, each with =count and perhaps @bill', plansIn, [])
    .option('--seed <number>', 'chooses the movements that are wrong', wholeNumber, 1)
    .option('--currency <code>', 'only movements in it; bills of Alipay and WeChat Pay are in CNY')
    .option('--payout <id>', "ends Stripe's bill with this payout of all that stands in it; with --currency")
    .addHelpText('after', generateHelp)
    .action(runs(generate));
}

async function generate(context: CommandContext, options: GenerateOptions): Promise<ExitCode> {
  const { generateBills, ErrorsNotPossible, isBillDay, ProviderUnknown } = await import('@tongbao/reconciliation');
  const { provider, day, errors: plans, seed, out, currency, payout } = options;
  if (!isBillDay(day)) throw new UsageError('--day must be a day such as 2026-03-01.');
  const asked = { provider, day, errors: plans, seed, out, ...(currency && { currency }), ...(payout && { payoutId: payout }) };
  try {
    const made = await generateBills(context.store(), asked);
    const planted = join(out, `${provider}-planted-${day}.json`);
    writeFileSync(planted, `${JSON.stringify(made.planted, undefined, 2)}\n`);
    const rows = [...made.files.map(({ bill, path }) => [bill, path]), ['planted', planted]];
    context.show(
      made,
      () =>
        `${made.movements} movements, ${made.planted.length} breaks to be found\n\n${textTable([{ title: 'bill' }, { title: 'file' }], rows)}`,
    );
    return exitCodes.ok;
  } catch (error) {
    if (error instanceof ErrorsNotPossible || error instanceof ProviderUnknown || error instanceof RangeError)
      throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

function plansIn(text: string): Plan[] {
  return text.split(',').map((part) => {
    const [, name, bill, count] = /^([a-z]+)(?:@(trade|fund))?(?:=(\d{1,6}))?$/.exec(part.trim()) ?? [];
    const error = errors.find((each) => each === name);
    if (error === undefined)
      throw new InvalidArgumentError(`${part} is none of ${errors.join(', ')}, with =count and perhaps @trade or @fund.`);
    return { error, count: Number(count ?? 1), ...(bill !== undefined && { bill: bill === 'trade' ? 'trade' : 'fund' }) };
  });
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
