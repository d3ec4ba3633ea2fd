import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { isCurrency } from '@tongbao/money';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsISO8601,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateBy,
  ValidateNested,
} from 'class-validator';

/**
 * Fields of request bodies: each decorator is the rule that is checked and its description in the OpenAPI document, so that the two cannot
 * differ.
 */
interface FieldOptions {
  optional?: boolean;
  description?: string;
  example?: unknown;
}

const field = (options: FieldOptions, api: ApiPropertyOptions, ...rules: PropertyDecorator[]): PropertyDecorator =>
  applyDecorators(
    ApiProperty({
      ...api,
      required: !options.optional,
      ...(options.description && { description: options.description }),
      ...(options.example !== undefined && { example: options.example }),
    } as ApiPropertyOptions),
    ...(options.optional ? [IsOptional()] : []),
    ...rules,
  );

/** Ids that become parts of stream and account names: letters, digits, `_`, `.` and `-`. */
const idPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

export const Id = (options: FieldOptions & { max?: number } = {}): PropertyDecorator =>
  field(
    options,
    { type: String, pattern: idPattern.source, minLength: 1, maxLength: options.max ?? 64 },
    IsString(),
    Length(1, options.max ?? 64),
    Matches(idPattern, { message: '$property may hold letters, digits, _ . and -, and begins with a letter or digit' }),
  );

export const Text = (options: FieldOptions & { min?: number; max?: number; pattern?: RegExp } = {}): PropertyDecorator =>
  field(
    options,
    {
      type: String,
      minLength: options.min ?? 1,
      maxLength: options.max ?? 200,
      ...(options.pattern && { pattern: options.pattern.source }),
    },
    IsString(),
    Length(options.min ?? 1, options.max ?? 200),
    ...(options.pattern ? [Matches(options.pattern)] : []),
  );

const isSafeInteger = ValidateBy({
  name: 'isSafeInteger',
  validator: {
    validate: (value: unknown) => typeof value === 'number' && Number.isSafeInteger(value),
    defaultMessage: () => '$property must be an integer, at most 9007199254740991',
  },
});

export const Integer = (options: FieldOptions & { min?: number; max?: number } = {}): PropertyDecorator =>
  field(
    options,
    {
      type: 'integer',
      ...(options.min !== undefined && { minimum: options.min }),
      ...(options.max !== undefined && { maximum: options.max }),
    },
    isSafeInteger,
    ...(options.min === undefined ? [] : [Min(options.min)]),
    ...(options.max === undefined ? [] : [Max(options.max)]),
  );

/** The most that one amount may be: a thousand million units of a currency with three decimals, far inside the safe integers. */
export const maxAmountMinor = 1_000_000_000_000;

/** An amount in minor units: a positive integer, or with `zero` also 0. */
export const AmountMinor = (options: FieldOptions & { zero?: boolean } = {}): PropertyDecorator =>
  Integer({ description: 'integer minor units', ...options, min: options.zero ? 0 : 1, max: maxAmountMinor });

export const Currency = (options: FieldOptions = {}): PropertyDecorator =>
  field(
    options,
    { type: String, pattern: '^[A-Z]{3}$' },
    ValidateBy({
      name: 'isCurrency',
      validator: {
        validate: (value: unknown) => typeof value === 'string' && isCurrency(value),
        defaultMessage: () => '$property must be an ISO 4217 currency code such as USD',
      },
    }),
  );

export const OneOf = (values: readonly string[], options: FieldOptions = {}): PropertyDecorator =>
  field(options, { type: String, enum: [...values] }, IsIn(values));

export const Flag = (options: FieldOptions = {}): PropertyDecorator => field(options, { type: Boolean }, IsBoolean());

/** ISO 8601 with a time zone. */
export const Timestamp = (options: FieldOptions = {}): PropertyDecorator =>
  field(
    options,
    { type: String, format: 'date-time' },
    IsISO8601({ strict: true, strictSeparator: true }),
    Matches(/(?:Z|[+-]\d{2}:\d{2})$/, { message: '$property must name its time zone, such as 2026-01-31T08:00:00Z' }),
  );

type ClassOf = new () => object;

/** The OpenAPI generator takes a function for the way to a class, and not for the class itself, only if its name is `type`: which it has from here. */
const lazily = (of: () => ClassOf): { type: () => ClassOf } => ({ type: () => of() });

export const Nested = (type: () => ClassOf, options: FieldOptions = {}): PropertyDecorator =>
  field(options, lazily(type), isObject, ValidateNested(), Type(type));

/** Without it class-validator would let an array pass where an object is meant. */
const isObject = ValidateBy({
  name: 'isObject',
  validator: {
    validate: (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value),
    defaultMessage: () => '$property must be an object',
  },
});

const isObjectList = ValidateBy({
  name: 'isObjectList',
  validator: {
    validate: (value: unknown) =>
      Array.isArray(value) && value.every((each) => typeof each === 'object' && each !== null && !Array.isArray(each)),
    defaultMessage: () => '$property must be a list of objects',
  },
});

export const ListOf = (type: () => ClassOf, options: FieldOptions & { min?: number; max?: number } = {}): PropertyDecorator =>
  field(
    options,
    { ...lazily(type), isArray: true, minItems: options.min ?? 0, maxItems: options.max ?? 100 },
    IsArray(),
    ArrayMinSize(options.min ?? 0),
    ArrayMaxSize(options.max ?? 100),
    isObjectList,
    ValidateNested({ each: true }),
    Type(type),
  );

export const TextList = (options: FieldOptions & { min?: number; max?: number; values?: readonly string[] } = {}): PropertyDecorator =>
  field(
    options,
    {
      type: String,
      isArray: true,
      minItems: options.min ?? 0,
      maxItems: options.max ?? 100,
      ...(options.values && { enum: [...options.values] }),
    },
    IsArray(),
    ArrayMinSize(options.min ?? 0),
    ArrayMaxSize(options.max ?? 100),
    IsString({ each: true }),
    Length(1, 200, { each: true }),
    ...(options.values ? [IsIn(options.values, { each: true })] : []),
  );

/** Integers inside bounds, such as days of the week. */
export const IntegerList = (options: FieldOptions & { min: number; max: number; maxItems: number }): PropertyDecorator =>
  field(
    options,
    { type: 'array', items: { type: 'integer', minimum: options.min, maximum: options.max }, maxItems: options.maxItems },
    IsArray(),
    ArrayMaxSize(options.maxItems),
    IsInt({ each: true }),
    Min(options.min, { each: true }),
    Max(options.max, { each: true }),
  );
