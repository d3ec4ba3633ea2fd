/**
 * Names of a span's attributes: by OpenTelemetry's semantic conventions (HTTP, database, messaging, resource; a spec compares them with the package of
 * those), and the hub's own below `tongbao.`, which never hold more than kinds and counts.
 */
export const attribute = {
  serviceNamespace: 'service.namespace',
  serviceName: 'service.name',
  serviceVersion: 'service.version',
  serviceInstanceId: 'service.instance.id',

  httpMethod: 'http.request.method',
  httpRoute: 'http.route',
  httpStatus: 'http.response.status_code',
  serverAddress: 'server.address',
  serverPort: 'server.port',

  databaseSystem: 'db.system.name',
  databaseOperation: 'db.operation.name',
  databaseCollection: 'db.collection.name',
  databaseQuery: 'db.query.text',

  messagingSystem: 'messaging.system',
  messagingOperation: 'messaging.operation.name',
  messagingOperationType: 'messaging.operation.type',
  messagingTopic: 'messaging.destination.name',
  messagingPartition: 'messaging.destination.partition.id',
  messagingGroup: 'messaging.consumer.group.name',
  messagingMessageId: 'messaging.message.id',
  messagingOffset: 'messaging.kafka.offset',

  errorType: 'error.type',

  /** Of a stream: never its name. */
  category: 'tongbao.stream.category',
  eventTypes: 'tongbao.event.types',
  eventCount: 'tongbao.event.count',
  provider: 'tongbao.provider',
  outcome: 'tongbao.outcome',
  attempt: 'tongbao.attempt',
} as const;
