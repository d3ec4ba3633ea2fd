import { Module, type DynamicModule } from '@nestjs/common';
import type { SqlClient } from '@tongbao/read-model';
import { PROJECTIONS, SQL, type Follower } from '@tongbao/service';
import { FinanceController } from './finance.http.js';
import { FINANCE_OPTIONS, type FinanceOptions } from './finance.options.js';
import { FinanceReads } from './finance.reads.js';
import { FxPositionsController } from './fx.http.js';
import { ReportsController } from './reports.http.js';
import { StatementPrinter } from './statement.pdf.js';
import { StatementsController } from './statements.http.js';
import { Statements } from './statements.view.js';

/** Finance's queries. Needs the parts of HubModule, and the projections 'settlement' and 'finance' among its projections. */
@Module({})
export class FinanceModule {
  static register(options: FinanceOptions): DynamicModule {
    return {
      module: FinanceModule,
      controllers: [FinanceController, FxPositionsController, ReportsController, StatementsController],
      providers: [
        { provide: FINANCE_OPTIONS, useValue: options },
        {
          provide: FinanceReads,
          inject: [SQL, PROJECTIONS],
          useFactory: (sql: SqlClient, projections: ReadonlyMap<string, Follower>) => new FinanceReads(sql, projections),
        },
        StatementPrinter,
        {
          provide: Statements,
          inject: [SQL, FinanceReads, StatementPrinter],
          useFactory: (sql: SqlClient, reads: FinanceReads, printer: StatementPrinter) => new Statements(sql, reads, printer, options),
        },
      ],
    };
  }
}
