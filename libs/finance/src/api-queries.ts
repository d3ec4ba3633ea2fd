import { applyDecorators } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import type { PageQuery } from '@tongbao/service';
import { periodUnits, type PeriodQuery } from './period.js';

/** What all questions may be asked with. */
export interface Asked {
  atLeast?: string;
  currency?: string;
  party?: string;
}

export type AskedByPage = Asked & PageQuery;
export type AskedByPeriod = AskedByPage & PeriodQuery;

const optional = (name: string, description: string, values?: readonly string[]) =>
  ApiQuery({ name, required: false, description, ...(values && { enum: [...values] }) });

/** Descriptions of parameters that several questions have. */
export const queries = {
  atLeast: optional('atLeast', 'log position that the answer must reflect'),
  currency: optional('currency', 'ISO 4217'),
  party: optional('party', 'platform:<id> or creator:<id>; a platform sees its own'),
  page: applyDecorators(optional('limit', '1 to 500, 50 when left out'), optional('cursor', 'next of the page before')),
  period: applyDecorators(
    optional('from', 'a day of the zone (2026-01-31), or a time at a full hour; from the beginning when left out'),
    optional('to', 'likewise, exclusive; to the end when left out'),
    optional('unit', 'what the period is cut into', periodUnits),
    optional('zone', 'time zone of days, weeks and months; that of the settings when left out'),
  ),
  optional,
};
