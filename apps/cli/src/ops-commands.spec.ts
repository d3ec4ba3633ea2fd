import { describe, expect, it } from '@jest/globals';
import { runCli } from './cli.js';

/** Nothing listens there, so whoever asks is told so. */
const nobody = ['--url', 'http://127.0.0.1:9', '--event-store', 'esdb://127.0.0.1:9?tls=false', '--data', '/does/not/exist'];
const kafka = ['--kafka', '127.0.0.1:9'];

async function run(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const code = await runCli([...words, ...nobody], {
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
    isTerminal: false,
  });
  return { code, ...said };
}

describe('commands for ops', () => {
  it.each<[string, string[], RegExp]>([
    ['replay that goes nowhere', ['replay'], /--into scratch or --to-topic/],
    ['replay that goes to two places', ['replay', '--into', 'scratch', '--to-topic', 't'], /--into scratch or --to-topic/],
    ['replay into something else', ['replay', '--into', 'production'], /scratch/],
    ['replay without a projection', ['replay', '--into', 'scratch'], /--projection/],
    ['replay of a projection that there is not', ['replay', '--into', 'scratch', '--projection', 'money'], /payment, ledger/],
    ['replay to a topic of nobody', ['replay', '--to-topic', 't'], /--service/],
    ['replay of a range that makes no sense', ['replay', '--into', 'scratch', '--projection', 'ledger', '--from', '-1'], /log position/],
    [
      'a comparison of a part',
      ['replay', '--into', 'scratch', '--projection', 'ledger', '--compare', '--from', '5'],
      /--compare takes no range/,
    ],
    ['two ways to look', ['replay', '--into', 'scratch', '--projection', 'ledger', '--sql', 'x', '--table', 'y'], /not both/],
    ['replay to commands', ['replay', '--to-topic', 'tongbao.ledger.commands', '--service', 'payment', '--yes', ...kafka], /for commands/],
    [
      "replay to another platform's topic",
      ['replay', '--to-topic', 'tongbao.platform.B.events', '--of', 'tongbao.payment.events', '--service', 'payment', '--yes', ...kafka],
      /read by one platform/,
    ],
    [
      'replay to dead letters',
      ['replay', '--to-topic', 'tongbao.payment.events.notification.dead', '--service', 'payment', '--yes', ...kafka],
      /for dead letters/,
    ],
    [
      'replay of what a service does not tell',
      ['replay', '--to-topic', 't', '--of', 'tongbao.ledger.events', '--service', 'payment', '--yes', ...kafka],
      /payment tells nothing on tongbao.ledger.events/,
    ],
    ['replay of a service that tells nothing', ['replay', '--to-topic', 't', '--service', 'notification', '--yes', ...kafka], /nothing/],
    ['a relay that there is not', ['relay', 'reset', 'notification', '--to', '0', '--yes'], /payment, ledger, settlement/],
    ['a relay that is set back to nowhere', ['relay', 'reset', 'payment', '--yes'], /--to/],
    ['topics of brokers that nobody names', ['topics', 'plan', '--kafka', ''], /--kafka/],
    ['a broker without a port', ['topics', 'plan', '--kafka', 'somewhere'], /host:port/],
    ['users of services that there are not', ['topics', 'acls', 'services', '--user', 'bank=b'], /service=name/],
  ])('exit with 2 for %s', async (_, words, why) => {
    const { code, out, err } = await run(...words);
    expect(err).toMatch(why);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  it.each([
    ['relay', 'reset', 'payment', '--to', '0'],
    ['replay', '--to-topic', 'tongbao.payment.events', '--service', 'payment', ...kafka],
    ['topics', 'acls', 'revoke', 'a'],
  ])('do nothing without --yes: %s %s', async (...words) => {
    const { code, err } = await run(...words);
    expect(code).toBe(2);
    expect(err).toContain('Repeat with --yes');
  });

  it.each([
    ['topics', 'plan', ...kafka],
    ['topics', 'list', ...kafka],
    ['replay', '--into', 'scratch', '--projection', 'ledger'],
  ])('exit with 3 when nobody answers: %s %s', async (...words) => {
    const { code, err } = await run(...words);
    expect(code).toBe(3);
    expect(err).toMatch(/^unreachable: (no broker answers at 127\.0\.0\.1:9|the event store cannot be reached)\n$/);
  });

  it('show what would be allowed to whom, without asking anybody', async () => {
    const { code, out } = await run('topics', 'acls', 'platform', 'A', '--user', 'alice', '--dry-run');
    expect(code).toBe(0);
    expect(out).toMatch(/alice +write, describe +topic +tongbao\.payment\.commands\n/);
    expect(out).toMatch(/alice +read, describe +topic +tongbao\.platform\.A\.events\n/);
    expect(out).toMatch(/alice +read +group +platform\.A\.\*\n/);
    expect(out).toContain('Nothing was changed.');
    const services = await run('topics', 'acls', 'services', '--user', 'payment=svc', 'ledger=books', '--dry-run', '--json');
    const users = new Set((JSON.parse(services.out) as { user: string }[]).map(({ user }) => user));
    expect([...users]).toEqual(['svc', 'books', 'settlement', 'notification']);
  });

  it('are explained', async () => {
    for (const words of [['topics'], ['topics', 'acls'], ['relay', 'reset'], ['replay'], ['doctor']]) {
      const { code, out } = await run(...words, '--help');
      expect(code).toBe(0);
      expect(out).toContain('Usage: tongbao');
    }
  });
});
