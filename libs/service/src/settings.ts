import { readFileSync } from 'node:fs';
import { plainToInstance } from 'class-transformer';
import { ValidateBy, validateSync } from 'class-validator';
import { isCurrency } from '@tongbao/money';
import { parseDecryptionKeys } from './decryption-keys.js';

export interface Setting {
  property: string;
  env: string;
  kind: 'text' | 'number' | 'flag' | 'list' | 'pairs' | 'secret';
  default: string;
  description: string;
  example: string;
}

const settingsOfConfig: Setting[] = [];

/** Ties a property to its environment variable; docs/configuration.md is generated from these. */
export const Env =
  (env: string, kind: Setting['kind'], fallback: string, description: string, example: string): PropertyDecorator =>
  (_, property) => {
    settingsOfConfig.push({ property: String(property), env, kind, default: fallback, description, example });
  };

export const areCurrencies = ValidateBy({
  name: 'areCurrencies',
  validator: {
    validate: (value: unknown) => Array.isArray(value) && value.every((each) => typeof each === 'string' && isCurrency(each)),
    defaultMessage: () => 'must list ISO 4217 currency codes',
  },
});

export const areDecryptionKeys = ValidateBy({
  name: 'areDecryptionKeys',
  validator: {
    validate: (value: unknown) => reasonAgainst(value) === undefined,
    defaultMessage: (failed) => reasonAgainst(failed?.value) ?? '',
  },
});

function reasonAgainst(keys: unknown): string | undefined {
  try {
    parseDecryptionKeys(String(keys));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Every setting, as docs/configuration.md lists them. */
export const settings: readonly Readonly<Setting>[] = settingsOfConfig;

/** The environment names a wrong value: the boot stops. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads and checks settings, all of those that stand on the shape's properties. A secret may be given by value or, with `_FILE` behind its name, by the path of a file.
 * @throws ConfigError naming each variable that is wrong, what is wrong with it, and an example
 */
export function readSettings<T extends object>(shape: new () => T, env: NodeJS.ProcessEnv): T {
  const raw = Object.fromEntries(settingsOfConfig.map((setting) => [setting.property, parseSetting(setting, env)]));
  const config = plainToInstance(shape, raw);
  const errors = validateSync(config);
  if (errors.length === 0) return config;
  const lines = errors.map((error) => {
    const setting = settingsOfConfig.find(({ property }) => property === error.property);
    const reasons = Object.values(error.constraints ?? {}).map((reason) => reason.replace(error.property, 'it'));
    return `${setting?.env ?? error.property}: ${reasons.join(', ')}; given: ${setting?.kind === 'secret' ? '(secret)' : JSON.stringify(error.value)}; example: ${setting?.example ?? ''}`;
  });
  throw new ConfigError(`The configuration is wrong.\n${lines.join('\n')}`);
}

function parseSetting(setting: Setting, env: NodeJS.ProcessEnv): unknown {
  const file = setting.kind === 'secret' ? env[`${setting.env}_FILE`] : undefined;
  const text = file === undefined ? (env[setting.env] ?? setting.default) : readFileSync(file, 'utf8').trim();
  switch (setting.kind) {
    case 'number':
      return /^-?\d+$/.test(text) ? Number(text) : text;
    case 'flag':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'list':
    case 'pairs':
      return text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');
    default:
      return text;
  }
}
