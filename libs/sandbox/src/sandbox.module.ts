import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Module, type DynamicModule } from '@nestjs/common';
import type { HubConfig } from '@tongbao/service';
import type { Logger } from 'pino';
import { SandboxBank } from './sandbox-bank.js';
import { SandboxProvider, sandboxSignatureHeader } from './sandbox-provider.js';
import { SANDBOX, SandboxController, type Sandbox } from './sandbox.http.js';

/** Serves what happens outside the hub: payers pay, providers pay out. */
@Module({})
export class SandboxModule {
  static register(sandbox: Sandbox): DynamicModule {
    return { module: SandboxModule, controllers: [SandboxController], providers: [{ provide: SANDBOX, useValue: sandbox }] };
  }
}

/**
 * The sandbox's providers of a configuration, and its bank. What they remember lies in SANDBOX_DATA: every process that opens it sees the same.
 * @param hubUrl where notifications go; undefined while the hub does not listen yet
 */
export function openSandbox(config: HubConfig, hubUrl: () => string | undefined, logger: Logger): Sandbox {
  const folder = sandboxFolderOf(config);
  mkdirSync(folder, { recursive: true });
  const names = config.providers.map((pair) => pair.slice(0, pair.indexOf('=')));
  const open = (name: string): [string, SandboxProvider] => [
    name,
    new SandboxProvider({
      file: join(folder, 'sandbox-providers.db'),
      name,
      secret: config.sandboxSecret,
      notify: ({ body, signature }) => notify(hubUrl(), name, body, signature, logger),
    }),
  ];
  return { providers: new Map(names.map(open)), bank: openSandboxBank(config) };
}

export function closeSandbox({ providers, bank }: Sandbox): void {
  for (const provider of providers.values()) provider.dispose();
  bank.close();
}

export function openSandboxBank(config: HubConfig): SandboxBank {
  const folder = sandboxFolderOf(config);
  mkdirSync(folder, { recursive: true });
  return new SandboxBank({ file: join(folder, 'sandbox-bank.db'), name: 'sandbox' });
}

const sandboxFolderOf = (config: HubConfig): string => config.sandboxDataDir || config.dataDir;

/** A notification that does not arrive is no loss: the hub asks the provider by itself. */
async function notify(hubUrl: string | undefined, provider: string, body: string, signature: string, logger: Logger): Promise<void> {
  if (hubUrl === undefined) return;
  const headers = { 'content-type': 'application/json', [sandboxSignatureHeader]: signature };
  try {
    const response = await fetch(`${hubUrl}/v1/providers/${provider}/notifications`, { method: 'POST', headers, body });
    if (!response.ok) logger.warn({ provider, status: response.status }, 'a notification of the sandbox provider was not taken');
  } catch (error) {
    logger.warn({ err: error, provider }, 'a notification of the sandbox provider could not be delivered');
  }
}
