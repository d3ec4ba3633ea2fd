interface MetricDefinition {
  type: 'counter' | 'gauge' | 'histogram';
  labels: readonly string[];
  help: string;
  /** Upper bounds, of a histogram. */
  buckets?: readonly number[];
}

/** Seconds, for what mostly takes milliseconds. */
const quick = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
/** Seconds, for what others do. */
const slow = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30] as const;

/**
 * Every metric of the hub: its name, labels and meaning stand here and nowhere else. Labels have few values each; never ids, keys or names of people.
 * docs/telemetry.md lists them, and dashboards and alert rules use no other name (both are tested).
 */
export const metricCatalogue = {
  tongbao_build_info: { type: 'gauge', labels: ['version', 'service'], help: 'Always 1; tells the version that runs.' },

  tongbao_http_requests_total: { type: 'counter', labels: ['method', 'route', 'status'], help: 'Requests answered, by route template.' },
  tongbao_http_request_duration_seconds: {
    type: 'histogram',
    labels: ['method', 'route'],
    help: 'From the request to the end of its answer, waiting that the caller asked for (Prefer: wait) included.',
    buckets: quick,
  },

  tongbao_event_store_appends_total: {
    type: 'counter',
    labels: ['outcome'],
    help: 'Appends: written, conflict (the stream was not as expected; decided again), outage (the store could not be reached).',
  },
  tongbao_event_store_append_duration_seconds: { type: 'histogram', labels: [], help: 'Until the events are durable.', buckets: quick },

  tongbao_bus_messages_total: {
    type: 'counter',
    labels: ['group', 'topic', 'outcome'],
    help: 'Messages dealt with: handled, passed_over (an event of a type that the group does not know, or a message that was replayed), dead.',
  },
  tongbao_bus_handle_duration_seconds: {
    type: 'histogram',
    labels: ['group', 'topic'],
    help: 'One try to handle a message.',
    buckets: quick,
  },
  tongbao_bus_consumer_lag_messages: { type: 'gauge', labels: ['group', 'topic'], help: 'Messages that wait for the group.' },
  tongbao_bus_consumer_lag_seconds: {
    type: 'gauge',
    labels: ['group', 'topic'],
    help: 'Age of the oldest message that waits for the group.',
  },
  tongbao_bus_paused_partitions: {
    type: 'gauge',
    labels: ['group', 'topic'],
    help: 'Partitions that stand still: because of an outage, or until a restart.',
  },
  tongbao_bus_dead_letters: { type: 'gauge', labels: ['group', 'topic'], help: 'Dead letters that nobody has released or discarded.' },
  tongbao_bus_dead_letter_oldest_seconds: { type: 'gauge', labels: ['group', 'topic'], help: 'Age of the oldest of them; 0 without any.' },
  tongbao_bus_parked_keys: { type: 'gauge', labels: ['group', 'topic'], help: 'Keys whose messages wait behind a dead letter.' },

  tongbao_relay_lag_events: { type: 'gauge', labels: ['service'], help: 'Events that the relay has seen and not yet published.' },
  tongbao_relay_lag_seconds: { type: 'gauge', labels: ['service'], help: 'Age of the oldest event that is not yet published.' },
  tongbao_relay_messages_total: { type: 'counter', labels: ['service', 'topic'], help: 'Messages published, repetitions included.' },

  tongbao_projection_lag_seconds: {
    type: 'gauge',
    labels: ['projection'],
    help: 'Age of the oldest event that is not yet in the rows that queries read.',
  },
  tongbao_projection_position: { type: 'gauge', labels: ['projection'], help: 'Log position that queries read.' },
  tongbao_projection_state: {
    type: 'gauge',
    labels: ['projection', 'state'],
    help: '1 for the state that it is in: building, running, retrying, failed or stopped.',
  },

  tongbao_leader: { type: 'gauge', labels: ['service'], help: '1 where the process leads the service, 0 where it stands by.' },
  tongbao_lease_epoch: { type: 'gauge', labels: ['service'], help: "Epoch of this process's lead; 0 while it stands by." },

  tongbao_payments_intake_lag_seconds: {
    type: 'gauge',
    labels: [],
    help: 'Age of the oldest request for a payment that this process has not written down yet; beyond ADMISSION_LAG_MS new ones are refused.',
  },
  tongbao_payments_outcome_unknown: {
    type: 'gauge',
    labels: [],
    help: 'Payments whose provider has not said what became of a charge or a refund, and should have.',
  },
  tongbao_payments_outcome_unknown_oldest_seconds: {
    type: 'gauge',
    labels: [],
    help: 'Since when nothing has been heard of the oldest of them; 0 without any.',
  },
  tongbao_provider_calls_total: {
    type: 'counter',
    labels: ['provider', 'operation', 'outcome'],
    help: 'Calls to providers: succeeded, declined, unknown (no answer in time, or the provider does not know), failed (an error).',
  },
  tongbao_provider_call_duration_seconds: { type: 'histogram', labels: ['provider', 'operation'], help: 'One call.', buckets: slow },

  tongbao_ledger_lag_seconds: { type: 'gauge', labels: [], help: 'Age of the oldest fact that is not yet in the books.' },
  tongbao_ledger_imbalance_minor: {
    type: 'gauge',
    labels: ['currency'],
    help: 'By how much the checks of the trial balance fail, in minor units. 0, or an alarm.',
  },
  tongbao_ledger_entries_total: { type: 'counter', labels: [], help: 'Entries that this process has posted.' },

  tongbao_log_lag_seconds: {
    type: 'gauge',
    labels: [],
    help: 'Age of the oldest journal event that no signed checkpoint of the transparency log covers; from the process that leads.',
  },
  tongbao_log_size: { type: 'gauge', labels: [], help: 'Entries that the newest signed checkpoint covers.' },
  tongbao_log_witnessed_size: {
    type: 'gauge',
    labels: [],
    help: 'Entries that the newest checkpoint covers that enough witnesses have cosigned.',
  },
  tongbao_log_alarm: {
    type: 'gauge',
    labels: [],
    help: '1 while nothing is signed because the log is forked, rolled back or damaged, else 0; from the process that leads.',
  },
  tongbao_log_witness_failures_total: {
    type: 'counter',
    labels: ['witness'],
    help: 'Times that a witness was asked for a cosignature and gave none.',
  },

  tongbao_settlement_imbalance_minor: {
    type: 'gauge',
    labels: ['currency'],
    help: 'By how much nets of unsettled windows differ from what the ledger moved for the same facts, in minor units. 0, or an alarm.',
  },
  tongbao_settlements: { type: 'gauge', labels: ['status'], help: 'Settlements by status.' },
  tongbao_payouts: {
    type: 'gauge',
    labels: ['kind', 'status'],
    help: 'Payouts, collections and withdrawals by status; kind: payout, collection, withdrawal.',
  },
  tongbao_bank_alarms: {
    type: 'gauge',
    labels: ['alarm'],
    help: 'What of the bank waits for a person; alarm: paused, file_rejected, statement_gap, run_waiting.',
  },
  tongbao_cap_use_parties: {
    type: 'gauge',
    labels: ['percent'],
    help: 'Parties that use at least so much of their net debit cap, in percent; one of CAP_ALARM_PERCENTS.',
  },
  tongbao_exchanges: {
    type: 'gauge',
    labels: ['status', 'from', 'to'],
    help: 'Payouts that are paid in another currency; status: awaiting_rate, locked, requested, refused, exchanged, carried.',
  },

  tongbao_reconciliation_breaks: {
    type: 'gauge',
    labels: ['kind', 'age'],
    help: 'Open breaks between our events and the bills of providers; age: day (less than one), week, month, older.',
  },
  tongbao_reconciliation_bank_lines: {
    type: 'gauge',
    labels: ['age'],
    help: 'Lines of our bank that nobody has explained; their money is in hub:suspense.',
  },
  tongbao_reconciliation_bills: {
    type: 'gauge',
    labels: ['status'],
    help: 'Bills of providers: received (not read yet), fit, unfit (with problems, and no other bill in their place), accepted (used in spite of them).',
  },

  tongbao_webhook_deliveries_total: {
    type: 'counter',
    labels: ['outcome'],
    help: 'Attempts to deliver a webhook: delivered, retry (failed, tried again later), given_up.',
  },
  tongbao_webhook_delivery_duration_seconds: { type: 'histogram', labels: [], help: 'One attempt.', buckets: slow },

  tongbao_cache_errors_total: { type: 'counter', labels: [], help: 'Questions to the cache that failed; the hub went on without it.' },
  tongbao_loop_age_seconds: {
    type: 'gauge',
    labels: ['loop'],
    help: 'Since a loop last made progress; 0 while it waits for work.',
  },

  tongbao_trace_spans_total: {
    type: 'counter',
    labels: ['outcome'],
    help: 'Spans: exported, or failed (the endpoint did not take them; they are lost).',
  },
  tongbao_metrics_collector_errors_total: {
    type: 'counter',
    labels: ['metric'],
    help: 'Times that a metric was left out of a scrape because what it asks failed or took too long.',
  },
} as const satisfies Record<string, MetricDefinition>;

type Catalogue = typeof metricCatalogue;

export type MetricName = keyof Catalogue;

/** The names of one type of metric. */
export type NameOf<Type extends MetricDefinition['type']> = {
  [Name in MetricName]: Catalogue[Name]['type'] extends Type ? Name : never;
}[MetricName];

/** A value for each label of a metric. */
export type LabelsOf<Name extends MetricName> = Readonly<Record<Catalogue[Name]['labels'][number], string>>;

export const metricNames: readonly MetricName[] = Object.keys(metricCatalogue) as MetricName[]; // the keys of a constant are its names
