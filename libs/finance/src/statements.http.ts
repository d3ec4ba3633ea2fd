import { Readable } from 'node:stream';
import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, type Principal } from '@tongbao/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { queries, type AskedByPeriod } from './api-queries.js';
import { FINANCE_OPTIONS, type FinanceOptions } from './finance.options.js';
import { zoneIn } from './period.js';
import { oneOf, requiredCurrency, requiredParty } from './query-params.js';
import { statementCamt } from './statement.camt.js';
import { statementCsv } from './statement.csv.js';
import { languageOf, languages, type Language } from './statement.texts.js';
import { Statements, type StatementQuestion } from './statements.view.js';

interface StatementQuery extends AskedByPeriod {
  format?: string;
  language?: string;
}

const formats = ['json', 'csv', 'pdf', 'camt.053'] as const;
type Format = (typeof formats)[number];

const mediaTypes: Record<Exclude<Format, 'json'>, string> = {
  csv: 'text/csv; charset=utf-8',
  pdf: 'application/pdf',
  'camt.053': 'application/xml; charset=utf-8',
};

/** A party's statement, on screen and as files. A platform may ask for its own. */
@ApiTags('finance')
@Controller('v1/finance')
@Allow({ platforms: true, operators: ['finance', 'approver', 'auditor', 'ops'] })
export class StatementsController {
  constructor(
    private readonly statements: Statements,
    @Inject(FINANCE_OPTIONS) private readonly options: FinanceOptions,
  ) {}

  @Get('statements')
  @ApiOperation({
    summary: 'Every movement of a party’s position in a period, with the position before and after; by Accept or format',
  })
  @ApiQuery({ name: 'party', required: true, description: 'platform:<id> or creator:<id>; a platform sees its own' })
  @ApiQuery({ name: 'currency', required: true, description: 'ISO 4217' })
  @queries.optional('from', 'a day of the zone (2026-01-31), or a time with its zone; from the beginning when left out')
  @queries.optional('to', 'likewise, exclusive; to the end when left out')
  @queries.optional('zone', 'time zone of days and of what is printed; that of the settings when left out')
  @queries.optional('format', 'json when neither this nor Accept says otherwise', formats)
  @queries.optional('language', 'of a PDF; by Accept-Language when left out', languages)
  @queries.optional('limit', 'lines of an answer in JSON, 1 to 5000, 1000 when left out')
  @queries.optional('cursor', 'next of the answer before')
  @queries.atLeast
  @ApiProduces('application/json', 'text/csv', 'application/pdf', 'application/xml')
  async statement(
    @Query() query: StatementQuery,
    @Caller() caller: Principal,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const question: StatementQuestion = {
      party: requiredParty(caller, query.party),
      currency: requiredCurrency(query.currency),
      ...{ from: query.from, to: query.to, zone: zoneIn(query.zone ?? this.options.timeZone), atLeast: query.atLeast },
    };
    const format = formatOf(query.format, request.headers.accept);
    const language = languageOf(languageIn(query.language), request.headers['accept-language']);
    if (format === 'json') {
      void reply.send(await this.statements.page(question, query));
      return;
    }
    const { head, position, latest, pages } = await this.statements.open(question);
    const name = `${head.party.replace(':', '-')}-${head.currency}`;
    void reply
      .header('content-type', mediaTypes[format])
      .header('content-disposition', `attachment; filename="${name}.${format === 'camt.053' ? 'xml' : format}"`)
      .header('tongbao-position', String(position));
    switch (format) {
      case 'csv':
        return send(reply, statementCsv(head, pages));
      case 'camt.053':
        return send(reply, statementCamt(head, pages, this.options.hubName, latest));
      case 'pdf':
        void reply.send(await this.statements.print({ head, latest, pages }, language, question.zone));
        return;
      default:
        return format satisfies never;
    }
  }
}

/** As the pieces come. What goes wrong before the first one is answered as a problem; later the connection is cut, so that nobody takes a part for the whole. */
async function send(reply: FastifyReply, pieces: AsyncGenerator<string>): Promise<void> {
  const first = await pieces.next();
  const all = async function* (): AsyncGenerator<string> {
    if (first.done === true) return;
    yield first.value;
    yield* pieces;
  };
  void reply.send(Readable.from(all()));
}

/** @throws Problem invalid */
function formatOf(format: string | undefined, accept = ''): Format {
  if (format !== undefined) return oneOf(formats, format, 'format');
  if (accept.includes('text/csv')) return 'csv';
  if (accept.includes('application/pdf')) return 'pdf';
  return accept.includes('application/xml') && !accept.includes('text/html') ? 'camt.053' : 'json';
}

/** @throws Problem invalid */
function languageIn(language: string | undefined): Language | undefined {
  return language === undefined ? undefined : oneOf(languages, language, 'language');
}
