import type { SplitRule } from '@tongbao/contracts';
import { randomOf } from './random.js';

/**
 * Who takes part in the demo. All of it is made up: the purchases' data names customers, days and amounts, nothing else. The rules are chosen so that every
 * role and every form of a rule occurs.
 */
export interface DemoPlatform {
  platformId: string;
  name: string;
  /** Of a hundred customers, how many are at home here. */
  customersPercent: number;
  /** Under which its own albums are sold; undefined: it has none and sells those of others. */
  agreementId?: string;
  /** Processes its payments, when another platform does. */
  processorId?: string;
  /** Refers half of its payers. */
  referrerId?: string;
  /** Where it is paid, when that says how the bank treats it. */
  accountNumber?: string;
}

export interface Agreement {
  agreementId: string;
  name: string;
  rules: SplitRule[];
}

export interface Creator {
  creatorId: string;
  name: string;
  /** Without one, what the creator earns is carried from window to window. */
  hasBankAccount: boolean;
}

export interface Album {
  contentId: string;
  ownerId: string;
  creators: { creatorId: string; share: number }[];
}

export const platforms: readonly DemoPlatform[] = [
  { platformId: 'lyra', name: 'Lyra Music', customersPercent: 35, agreementId: 'lyra-catalogue' },
  { platformId: 'orion', name: 'Orion Records', customersPercent: 25, agreementId: 'orion-catalogue' },
  { platformId: 'pavo', name: 'Pavo Store', customersPercent: 20 },
  { platformId: 'carina', name: 'Carina Sound', customersPercent: 12, agreementId: 'carina-referred', referrerId: 'vela' },
  { platformId: 'vela', name: 'Vela Audio', customersPercent: 8, agreementId: 'vela-processed', processorId: 'carina' },
];

/** Joins for the one day in yuan, and names a bank account that the bank rejects the first time. */
export const newcomer = { platformId: 'dorado', name: 'Dorado Press', accountNumber: '6222-dorado#rejects-once' };

/** For an album that another platform owns, whoever sells it. */
export const crossPlatformAgreement = 'cross-platform';

const rule = (
  from: SplitRule['from'],
  to: SplitRule['to'],
  kind: string,
  rateBasisPoints: number,
  more: Partial<SplitRule> = {},
): SplitRule => ({
  ...{ from, to, kind, basis: 'gross', rateBasisPoints, refundable: true },
  ...more,
});

const royalty = (from: 'seller' | 'owner', rateBasisPoints: number, basis: SplitRule['basis']): SplitRule =>
  rule(from, 'creator', 'royalty', rateBasisPoints, { basis });

export const agreements: readonly Agreement[] = [
  {
    agreementId: 'lyra-catalogue',
    name: '5 % to the hub; creators 70 % of what is left',
    rules: [rule('seller', 'hub', 'platform-service-fee', 500), royalty('seller', 7_000, 'left')],
  },
  {
    agreementId: 'orion-catalogue',
    name: '2.9 % and 0.30 to the hub, 0.50 to 5.00, kept on refunds; creators half of the price',
    rules: [
      rule('seller', 'hub', 'platform-service-fee', 290, { fixedMinor: 30, minimumMinor: 50, maximumMinor: 500, refundable: false }),
      royalty('seller', 5_000, 'gross'),
    ],
  },
  {
    agreementId: 'carina-referred',
    name: '6 % to the hub, 5 % to the referrer; creators 60 % of what is left',
    rules: [
      rule('seller', 'hub', 'platform-service-fee', 600),
      rule('seller', 'referrer', 'referral', 500),
      royalty('seller', 6_000, 'left'),
    ],
  },
  {
    agreementId: 'vela-processed',
    name: '4 % to the hub, 0.6 % for the provider; the processor pays the hub 0.10; creators 65 % of what is left',
    rules: [
      rule('seller', 'hub', 'platform-service-fee', 400),
      rule('seller', 'hub', 'provider-fee', 60, { refundable: false }),
      rule('processor', 'hub', 'payment-handling-fee', 0, { fixedMinor: 10 }),
      royalty('seller', 6_500, 'left'),
    ],
  },
  {
    agreementId: crossPlatformAgreement,
    name: 'the owner gets 80 % and pays 1 % to the hub; creators 70 % of what the owner has left',
    rules: [
      rule('seller', 'owner', 'content-revenue', 8_000),
      rule('owner', 'hub', 'platform-service-fee', 100),
      royalty('owner', 7_000, 'left'),
    ],
  },
];

const creatorCount = 40;
const creatorsWithoutBankAccount = 2;
const albumCount = 400;

const numbered = (prefix: string, number: number, digits: number): string => `${prefix}-${String(number).padStart(digits, '0')}`;

export const creators: readonly Creator[] = Array.from({ length: creatorCount }, (_, index) => ({
  creatorId: numbered('artist', index + 1, 2),
  name: `Artist ${index + 1}`,
  hasBankAccount: index < creatorCount - creatorsWithoutBankAccount,
}));

/** The albums that the platforms own, each with one to three creators and their shares. */
export function albumsOf(seed: number): readonly Album[] {
  const owners = platforms.filter(({ agreementId }) => agreementId !== undefined);
  return Array.from({ length: albumCount }, (_, index) => {
    const random = randomOf(seed, 'album', index);
    const chosen = new Set([random.pick(creators).creatorId]);
    while (chosen.size < 3 && random.chance(0.35)) chosen.add(random.pick(creators).creatorId);
    return {
      contentId: numbered('album', index + 1, 4),
      ownerId: random.pick(owners).platformId,
      creators: [...chosen].map((creatorId) => ({ creatorId, share: 1 + random.integer(5) })),
    };
  });
}
