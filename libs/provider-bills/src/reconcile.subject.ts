import { crc32 } from 'node:zlib';
import type { Movement } from './bill-line.js';

/** What a line belongs to: fee lines to the movement that they were taken for. */
export const familyOf = ({ kind, feeOf }: Movement): string => (kind === 'fee' ? (feeOf ?? kind) : kind);

/**
 * Movements of one family with one subject are the same movement. A key of ours names it; a line without one goes by the provider's number, which is looked up among
 * the lines that have both.
 */
export const subjectByKey = (family: string, ourKey: string): string => `${family}:${ourKey}`;
export const subjectByRef = (family: string, providerRef: string): string => `${family}#${providerRef}`;

/** The same part for the same text in every run, so that breaks come in the same order. */
export const partOf = (text: string, partitions: number): number => crc32(text) % partitions;
