/**
 * Kinds of values in contracts. To TypeScript they are numbers and strings; the tags become the limits in the JSON Schemas. Limits are of two
 * sorts: what comes from outside (`platform-commands.ts`) is limited as its HTTP twin is; what the hub itself tells is limited by what must hold
 * for ever, never by what happens to hold today, because the log keeps its events for ever.
 */

/**
 * Integer of a currency's minor units (fen, cent, yen). Negative: owed to the hub, or gone out. Inside what a double tells exactly.
 *
 * @asType integer
 * @minimum -9007199254740991
 * @maximum 9007199254740991
 */
export type Minor = number;

/**
 * Integer of a currency's minor units, never under 0.
 *
 * @asType integer
 * @minimum 0
 * @maximum 9007199254740991
 */
export type AmountMinor = number;

/**
 * How many, or a number of a row: an integer from 0 on.
 *
 * @asType integer
 * @minimum 0
 * @maximum 9007199254740991
 */
export type Count = number;

/**
 * ISO 4217 code, such as CNY.
 *
 * @pattern ^[A-Z]{3}$
 */
export type CurrencyCode = string;

/**
 * ISO 8601 with its time zone (RFC 3339). The hub's own times are in UTC.
 *
 * @format date-time
 */
export type Timestamp = string;

/**
 * Place in the log; decimal, as it may pass what a double tells exactly.
 *
 * @pattern ^\d{1,20}$
 */
export type LogPosition = string;

/**
 * Id that is part of stream and account names: letters, digits, `_`, `.` and `-`.
 *
 * @minLength 1
 * @maxLength 64
 * @pattern ^[A-Za-z0-9][A-Za-z0-9_.-]*$
 */
export type Id = string;

/**
 * Id of a platform's own: an order, a content.
 *
 * @minLength 1
 * @maxLength 128
 * @pattern ^[A-Za-z0-9][A-Za-z0-9_.-]*$
 */
export type OwnId = string;

/**
 * Id that the hub made or took over; part of stream names.
 *
 * @minLength 1
 * @maxLength 200
 * @pattern ^[A-Za-z0-9][A-Za-z0-9_.-]*$
 */
export type HubId = string;

/**
 * `pay_` and 32 characters of base32.
 *
 * @pattern ^pay_[a-z2-7]{32}$
 */
export type PaymentId = string;

/**
 * `platform:<id>` or `creator:<id>`: who has a position, and the name of its account.
 *
 * @pattern ^(platform|creator):[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$
 */
export type PartyName = string;

/**
 * A provider of the hub; `wallet` where the money came from a wallet, `none` where there was none to pay.
 *
 * @maxLength 32
 * @pattern ^[a-z][a-z0-9]*$
 */
export type ProviderName = string;

/**
 * Name of an account, such as `platform:A`, `user:<id>:wallet`, `hub:fees`.
 *
 * @minLength 1
 * @maxLength 200
 */
export type AccountName = string;

/**
 * Code of a refusal or decline: one of the hub's problem codes, or the provider's word. New ones come: take an unknown one for a refusal.
 *
 * @minLength 1
 */
export type Code = string;

/**
 * 32 bytes of SHA-256 in base64.
 *
 * @pattern ^[A-Za-z0-9+/]{43}=$
 */
export type Sha256 = string;

/**
 * A signed note (C2SP signed-note): a text, an empty line, and a line for each signature.
 *
 * @minLength 1
 * @maxLength 1000000
 */
export type SignedNote = string;

/**
 * Name of a key that signs notes: no white space, no `+`.
 *
 * @pattern ^[^+\s]+$
 */
export type KeyName = string;
