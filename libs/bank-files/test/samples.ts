import type { CreditTransfer, DirectDebit, PartyStatement, PartyStatementEntry, PaymentFileOptions } from '../src/index.js';

export const options: PaymentFileOptions = {
  runId: 'RUN-20261120',
  createdAt: '2026-11-20T08:00:00Z',
  initiatingParty: { name: 'Tongbao Hub', organisationId: { id: 'HUB1', scheme: 'CUST' } },
  charset: 'sepa',
};

export const sepaTransfer: CreditTransfer = {
  endToEndId: 'stl-1-platform.A',
  instructionId: 'I-1',
  amountMinor: 45000,
  currency: 'EUR',
  executionDate: '2026-11-20',
  debtor: { name: 'Tongbao Hub' },
  debtorAccount: { iban: 'DE89370400440532013000' },
  debtorAgent: { bic: 'COBADEFFXXX' },
  creditor: { name: 'Platform A GmbH', address: { country: 'NL', lines: ['Keizersgracht 1', '1015 Amsterdam'] } },
  creditorAccount: { iban: 'NL91ABNA0417164300' },
  creditorAgent: { bic: 'ABNANL2A' },
  remittance: { lines: ["Settlement 1 (period 2026-11), it's 450,00"] },
  serviceLevel: 'SEPA',
  categoryPurpose: 'SUPP',
  purpose: 'SUPP',
  chargeBearer: 'SLEV',
};

export const chineseTransfer: CreditTransfer = {
  endToEndId: 'stl_1_platform.C',
  amountMinor: 1234567,
  currency: 'CNY',
  executionDate: '2026-11-21',
  debtor: { name: '通宝结算有限公司' },
  debtorAccount: { other: '6222020200000000001', scheme: 'BBAN' },
  creditor: {
    name: '晨读 & 听书 <有限公司>',
    address: { street: '中山东一路', buildingNumber: '12号', postCode: '200002', town: '上海', country: 'CN' },
    organisationId: { id: '91310000MA1FL00X0X', scheme: 'TXID' },
  },
  creditorAccount: { other: '6217001180000000002' },
  creditorAgent: { memberId: '102290000002', clearingSystem: 'CNAPS', name: '中国工商银行' },
  remittance: { lines: ['十一月结算', '第二行 "引号"'] },
  localInstrument: 'HVPS',
  priority: 'HIGH',
  chargeBearer: 'DEBT',
};

export const kuwaitiTransfer: CreditTransfer = {
  ...chineseTransfer,
  endToEndId: 'stl_1_platform.D',
  amountMinor: 5,
  currency: 'KWD',
  creditorAccount: { iban: 'KW81CBKU0000000000001234560101' },
  remittance: { creditorReference: 'RF18539007547034' },
};

export const yenTransfer: CreditTransfer = {
  ...chineseTransfer,
  endToEndId: 'stl_1_platform.E',
  amountMinor: 700,
  currency: 'JPY',
  remittance: undefined,
};

export const debit: DirectDebit = {
  endToEndId: 'col-1-platform.B',
  amountMinor: 50,
  currency: 'EUR',
  collectionDate: '2026-11-25',
  creditor: { name: 'Tongbao Hub' },
  creditorAccount: { iban: 'DE89370400440532013000' },
  creditorAgent: { bic: 'COBADEFFXXX' },
  creditorIdentifier: 'DE98ZZZ09999999999',
  sequence: 'RCUR',
  mandate: { mandateId: 'M-B-1', signedOn: '2026-01-31' },
  debtor: { name: 'Platform B Sarl' },
  debtorAccount: { iban: 'FR1420041010050500013M02606' },
  remittance: { lines: ['Fees of November'] },
  serviceLevel: 'SEPA',
  localInstrument: 'B2B',
};

export const amendedDebit: DirectDebit = {
  ...debit,
  endToEndId: 'col-1-platform.F',
  sequence: 'FRST',
  debtorAgent: { bic: 'BNPAFRPP' },
  mandate: {
    mandateId: 'M-F-2',
    signedOn: '2025-06-01',
    amendment: {
      originalMandateId: 'M-F-1',
      originalCreditor: { name: 'Tongbao Old', identifier: 'DE98ZZZ09999999999' },
      originalDebtorAccount: { other: 'SMNDA' },
    },
  },
};

export const partyStatement: PartyStatement = {
  messageId: 'ST-A-7',
  createdAt: '2026-12-01T00:00:01Z',
  statementId: 'platform.A-EUR-2026-11',
  sequence: 7,
  from: '2026-11-01T00:00:00Z',
  to: '2026-12-01T00:00:00Z',
  account: { other: 'platform:A' },
  owner: '平台 A',
  servicer: { name: 'Tongbao' },
  currency: 'EUR',
  opening: { amountMinor: -50n, on: '2026-11-01' },
  closing: { amountMinor: 350n, on: '2026-11-30' },
  totals: { credits: 2, creditMinor: 1000n, debits: 2, debitMinor: 600n },
};

export const partyEntries: readonly PartyStatementEntry[] = [
  {
    reference: '1',
    amountMinor: 1000,
    bookedAt: '2026-11-03T10:00:00.123Z',
    valueOn: '2026-11-03',
    kind: 'purchase',
    issuer: 'TONGBAO',
    endToEndId: 'E2E-1',
    information: 'pay_abcdefghijklmnopqrstuvwxyz012345',
    counterparty: 'alipay',
    lines: ['课程 <一>', 'R&D'],
  },
  { reference: '2', amountMinor: -100, bookedAt: '2026-11-03', kind: 'platform-service-fee', issuer: 'TONGBAO' },
  {
    reference: '3',
    amountMinor: -500,
    isReversal: true,
    bookedAt: '2026-11-04',
    kind: 'refund',
    issuer: 'TONGBAO',
    counterparty: 'alipay',
  },
  { reference: '4', amountMinor: 0, bookedAt: '2026-11-05', kind: 'note', issuer: 'TONGBAO' },
];
