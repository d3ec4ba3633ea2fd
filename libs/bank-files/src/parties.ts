/** The number of an account: an IBAN without spaces, or another of at most 34 characters with the scheme that it is of, as a code (`BBAN`). */
export type AccountNumber = { readonly iban: string } | { readonly other: string; readonly scheme?: string };

/** A code of ISO 20022's lists, or one that the bank has made. */
export type Coded = { readonly code: string } | { readonly proprietary: string };

/** A bank: by its BIC, or by its number in a clearing system (`CNAPS`, `USABA`; ISO's external list). */
export type Agent =
  | { readonly bic: string; readonly name?: string }
  | { readonly memberId: string; readonly clearingSystem?: string; readonly name?: string };

/** Who pays, or is paid. */
export interface Party {
  /** At most 140 characters, 70 in the SEPA schemes. */
  readonly name: string;
  readonly address?: PostalAddress;
  /** An identification of an organisation, with the code of its scheme (`CUST`, `TXID`). */
  readonly organisationId?: { readonly id: string; readonly scheme?: string };
}

export interface PostalAddress {
  readonly street?: string;
  readonly buildingNumber?: string;
  readonly postCode?: string;
  readonly town?: string;
  /** ISO 3166, two letters. */
  readonly country: string;
  /** Where the parts are not known: at most seven lines of 70 characters, two in the SEPA schemes. */
  readonly lines?: readonly string[];
}

/** What the payee reads: lines of at most 140 characters (one in the SEPA schemes), or the reference that the payee gave. */
export type Remittance = { readonly lines: readonly string[] } | { readonly creditorReference: string };
