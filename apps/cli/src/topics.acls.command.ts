import { applyAcls, auditorAcls, platformAcls, revokeAcls, serviceAcls, type KafkaAcl } from '@tongbao/bus';
import { serviceNames, type ServiceName } from '@tongbao/service';
import { InvalidArgumentError, type Command } from 'commander';
import type { CommandContext, Runner } from './command-context.js';
import { requireYes } from './confirmation.js';
import { exitCodes, type ExitCode } from './exit-codes.js';
import { withAdmin, withBrokers } from './kafka-admin.js';
import { neededBrokers, withKafkaOption, type GivenAddresses } from './ops-settings.js';
import { textTable } from './text-table.js';

interface AclOptions extends GivenAddresses {
  dryRun: boolean;
}

/** Users of the brokers by service, where they are called otherwise than the services. */
type Users = Partial<Record<ServiceName, string>>;

export function addAclCommands(topics: Command, runs: Runner): void {
  const acls = topics
    .command('acls')
    .description('who may read and write what; for brokers with an authorizer, as a user that may alter the cluster');
  const allowing = (command: Command): Command => withKafkaOption(command).option('--dry-run', 'only show what would be allowed', false);
  allowing(acls.command('services').description('let each service use what is its own'))
    .option('--user <service=name...>', "of a service's user; default: the service's own name", userOf, {})
    .action(runs((context, options: AclOptions & { user: Users }) => allow(context, options, servicePlan(options.user))));
  allowing(acls.command('platform <platformId>').description('let a platform write commands, and read what it alone is told'))
    .requiredOption('--user <name>', 'SASL user of the platform')
    .action(runs((context, id: string, options: AclOptions & { user: string }) => allow(context, options, platformAcls(id, options.user))));
  allowing(acls.command('auditor <user>').description('let a user read everything and write nothing')).action(
    runs((context, user: string, options: AclOptions) => allow(context, options, auditorAcls(user))),
  );
  withKafkaOption(acls.command('revoke <user>').description('take everything from a user, at once'))
    .option('--yes', 'do it', false)
    .action(runs(revoke));
}

const servicePlan = (users: Users): KafkaAcl[] => serviceNames.flatMap((service) => serviceAcls(service, users[service]));

async function allow(context: CommandContext, options: AclOptions, plan: readonly KafkaAcl[]): Promise<ExitCode> {
  if (!options.dryRun) {
    const connection = neededBrokers(options);
    await withAdmin(connection, (admin) => admin.describeCluster());
    await withBrokers(connection, () => applyAcls(connection, plan));
  }
  context.show(plan, () => `${planText(plan)}\n\n${options.dryRun ? 'Nothing was changed.' : 'Allowed.'}`);
  return exitCodes.ok;
}

function planText(plan: readonly KafkaAcl[]): string {
  const columns = [{ title: 'user' }, { title: 'may' }, { title: 'of' }, { title: 'name' }];
  const rows = plan.map(({ user, operations, resource, name, isPrefix }) => [
    user,
    operations.join(', '),
    resource,
    isPrefix ? `${name}*` : name,
  ]);
  return textTable(columns, rows);
}

async function revoke(context: CommandContext, user: string, options: GivenAddresses & { yes: boolean }): Promise<ExitCode> {
  requireYes(options.yes, `take every right from ${user}`);
  const connection = neededBrokers(options);
  await withAdmin(connection, (admin) => admin.describeCluster());
  await withBrokers(connection, () => revokeAcls(connection, user));
  context.show({ revoked: user }, () => `${user} may do nothing any more.`);
  return exitCodes.ok;
}

function userOf(text: string, before: Users): Users {
  const [service, user, ...more] = text.split('=');
  const known = serviceNames.find((name) => name === service);
  if (!known || !user || more.length > 0) throw new InvalidArgumentError(`It must be service=name, of one of ${serviceNames.join(', ')}.`);
  return { ...before, [known]: user };
}
