import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { credentials, status, type ServiceError } from '@grpc/grpc-js';
import { EventStoreDBClient } from '@eventstore/db-client';
import gossipService from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import featuresService from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import timestamp from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { gossip, GoogleEmpty, shared, streams, type features } from './protocol.js';
import { collect, event, events, failureOf, startHarness, type Harness } from '../test/harness.js';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());

const identifier = (name: string) => new shared.StreamIdentifier().setStreamName(Buffer.from(name));
const uuid = (id: string = randomUUID()) => new shared.UUID().setString(id);

describe('ServerFeatures', () => {
  const supported = () =>
    new Promise<features.SupportedMethods>((resolve, reject) => {
      const client = new featuresService.ServerFeaturesClient(`127.0.0.1:${harness.server.port}`, credentials.createInsecure());
      client.getSupportedMethods(new shared.Empty(), (error, response) => {
        client.close();
        if (error) reject(error);
        else resolve(response);
      });
    });

  it('names what there is in lower case, batchAppend among it, and a version that the client takes it from', async () => {
    const response = await supported();
    const paths = response.getMethodsList().map((method) => `${method.getServiceName()}/${method.getMethodName()}`);
    expect(paths.toSorted()).toEqual([
      'event_store.client.gossip.gossip/read',
      'event_store.client.server_features.serverfeatures/getsupportedmethods',
      'event_store.client.streams.streams/append',
      'event_store.client.streams.streams/batchappend',
      'event_store.client.streams.streams/delete',
      'event_store.client.streams.streams/read',
      'event_store.client.streams.streams/tombstone',
    ]);
    expect(response.getEventStoreServerVersion()).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

describe('Gossip', () => {
  it('tells of one living leader at the address the client came by', async () => {
    const client = new gossipService.GossipClient(`localhost:${harness.server.port}`, credentials.createInsecure());
    const info = await new Promise<gossip.ClusterInfo>((resolve, reject) => {
      client.read(new shared.Empty(), (error, response) => (error ? reject(error) : resolve(response)));
    });
    client.close();
    expect(info.getMembersList().map((member) => member.toObject())).toMatchObject([
      { state: gossip.MemberInfo.VNodeState.LEADER, isAlive: true, httpEndPoint: { address: 'localhost', port: harness.server.port } },
    ]);
  });

  it.each([
    ['discovery', () => `esdb+discover://127.0.0.1:${harness.server.port}?tls=false`],
    ['several hosts', () => `esdb://127.0.0.1:${harness.server.port},localhost:${harness.server.port}?tls=false`],
  ])('lets a client connect by %s', async (_, connectionString) => {
    const client = EventStoreDBClient.connectionString(connectionString());
    const name = `gossip-${randomUUID()}`;
    await client.appendToStream(name, event());
    expect(await collect(client.readStream(name))).toHaveLength(1);
    await client.dispose();
  });
});

type Properties = Record<string, string>;
const COMPLETE = { type: 'Happened', 'content-type': 'application/json' };

describe('a malformed append', () => {
  const append = async (options: streams.AppendReq.Options | undefined, properties: Properties, id = uuid()): Promise<ServiceError> => {
    const answered = Promise.withResolvers<streams.AppendResp>();
    const call = harness.raw.append((error, response) => (error ? answered.reject(error) : answered.resolve(response)));
    const message = new streams.AppendReq.ProposedMessage().setId(id);
    for (const [key, value] of Object.entries(properties)) message.getMetadataMap().set(key, value);
    if (options) call.write(new streams.AppendReq().setOptions(options));
    call.write(new streams.AppendReq().setProposedMessage(message));
    call.end();
    return failureOf<ServiceError & Error>(answered.promise);
  };
  const anyOf = (name: string) => new streams.AppendReq.Options().setStreamIdentifier(identifier(name)).setAny(new shared.Empty());

  it.each(Object.keys(COMPLETE))('without %s names the properties that are required', async (missing) => {
    const rest = Object.fromEntries(Object.entries(COMPLETE).filter(([key]) => key !== missing));
    const error = await append(anyOf('bad-1'), rest);
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, details: `Required Metadata Property '${missing}' is missing` });
    expect(error.metadata.getMap()).toMatchObject({
      exception: 'missing-required-metadata-property',
      'required-metadata-properties': 'type,content-type',
    });
  });

  it.each<[string, () => ReturnType<typeof append>]>([
    ['without options', () => append(undefined, COMPLETE)],
    ['without a stream name', () => append(anyOf(''), COMPLETE)],
    ['without an expectation', () => append(new streams.AppendReq.Options().setStreamIdentifier(identifier('bad-1')), COMPLETE)],
    ['with an id that is no UUID', () => append(anyOf('bad-1'), COMPLETE, uuid('nonsense'))],
  ])('%s is refused', async (_, attempt) => {
    const before = harness.server.stats().lastPosition;
    expect(await attempt()).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(harness.server.stats().lastPosition).toBe(before);
  });

  it('takes ids of two 64-bit halves', async () => {
    const structured = new shared.UUID().setStructured(
      new shared.UUID.Structured().setMostSignificantBits('-1').setLeastSignificantBits('1311768467294899695'),
    );
    const name = `structured-${randomUUID()}`;
    const call = harness.raw.append(() => undefined);
    const message = new streams.AppendReq.ProposedMessage().setId(structured);
    for (const [key, value] of Object.entries(COMPLETE)) message.getMetadataMap().set(key, value);
    call.write(new streams.AppendReq().setOptions(anyOf(name)));
    call.write(new streams.AppendReq().setProposedMessage(message));
    call.end();
    await once(call, 'status');
    const [found] = await collect(harness.client.readStream(name));
    expect(found?.event?.id).toBe('ffffffff-ffff-ffff-1234-567890abcdef');
  });
});

describe('BatchAppend', () => {
  const batch = () => harness.raw.batchAppend();
  type BatchCall = ReturnType<typeof batch>;
  const proposed = (properties: Properties = COMPLETE) => {
    const message = new streams.BatchAppendReq.ProposedMessage().setId(uuid()).setData(Buffer.from('{}'));
    for (const [key, value] of Object.entries(properties)) message.getMetadataMap().set(key, value);
    return message;
  };
  const optionsOf = (name: string, deadlineMs?: number) => {
    const options = new streams.BatchAppendReq.Options().setStreamIdentifier(identifier(name)).setAny(new GoogleEmpty());
    if (deadlineMs !== undefined) options.setDeadline(timestamp.Timestamp.fromDate(new Date(deadlineMs)));
    return options;
  };
  const answerOf = async (call: BatchCall): Promise<streams.BatchAppendResp> => {
    const [response] = (await once(call, 'data')) as [streams.BatchAppendResp];
    return response;
  };
  const typeOf = (response: streams.BatchAppendResp) => response.getError()?.getDetails()?.getTypeName();

  it('joins the messages of one correlation id into one append, whatever comes between', async () => {
    const call = batch();
    const [one, two] = [uuid(), uuid()];
    const request = (id: shared.UUID, isFinal: boolean) =>
      new streams.BatchAppendReq().setCorrelationId(id).setIsFinal(isFinal).setProposedMessagesList([proposed(), proposed()]);
    call.write(request(one, false).setOptions(optionsOf('joined-1')));
    call.write(request(two, true).setOptions(optionsOf('joined-2')));
    const first = await answerOf(call);
    expect(first.getCorrelationId()?.getString()).toBe(two.getString());
    call.write(request(one, true));
    const second = await answerOf(call);
    expect(second.getCorrelationId()?.getString()).toBe(one.getString());
    expect(second.getSuccess()?.getCurrentRevision()).toBe('3');
    expect(await collect(harness.client.readStream('joined-1'))).toHaveLength(4);
    const ended = once(call, 'end');
    call.end();
    await ended;
  });

  it.each([
    ['whose deadline has passed', 'event_store.client.Timeout', optionsOf('late-1', Date.now() - 1000), COMPLETE],
    ['without a type', 'event_store.client.BadRequest', optionsOf('late-1'), { 'content-type': 'application/json' }],
    ['without a stream name', 'event_store.client.BadRequest', optionsOf(''), COMPLETE],
  ])('answers an append %s with %s, writes nothing, and goes on', async (_label, type, options, properties) => {
    const before = harness.server.stats().lastPosition;
    const call = batch();
    call.write(
      new streams.BatchAppendReq()
        .setCorrelationId(uuid())
        .setOptions(options)
        .setIsFinal(true)
        .setProposedMessagesList([proposed(properties)]),
    );
    expect(typeOf(await answerOf(call))).toBe(type);
    expect(harness.server.stats().lastPosition).toBe(before);
    call.write(
      new streams.BatchAppendReq()
        .setCorrelationId(uuid())
        .setOptions(optionsOf('after-1'))
        .setIsFinal(true)
        .setProposedMessagesList([proposed()]),
    );
    expect((await answerOf(call)).hasSuccess()).toBe(true);
    call.end();
  });

  it('answers an append that never becomes complete with a timeout, and forgets it', async () => {
    const call = batch();
    const id = uuid();
    call.write(
      new streams.BatchAppendReq()
        .setCorrelationId(id)
        .setOptions(optionsOf('half-1', Date.now() + 20))
        .setProposedMessagesList([proposed()]),
    );
    expect(typeOf(await answerOf(call))).toBe('event_store.client.Timeout');
    // The rest comes too late: it belongs to nothing any more, and gets no answer; the next append does.
    call.write(new streams.BatchAppendReq().setCorrelationId(id).setIsFinal(true).setProposedMessagesList([proposed()]));
    const next = uuid();
    call.write(
      new streams.BatchAppendReq()
        .setCorrelationId(next)
        .setOptions(optionsOf('half-2'))
        .setIsFinal(true)
        .setProposedMessagesList([proposed()]),
    );
    expect((await answerOf(call)).getCorrelationId()?.getString()).toBe(next.getString());
    call.end();
  });

  it('refuses an append as soon as it is too large, before it is complete', async () => {
    const call = batch();
    call.write(
      new streams.BatchAppendReq()
        .setCorrelationId(uuid())
        .setOptions(optionsOf('large-1'))
        .setProposedMessagesList([proposed().setData(new Uint8Array(1024 * 1024))]),
    );
    expect(typeOf(await answerOf(call))).toBe('event_store.client.MaximumAppendSizeExceeded');
    call.end();
  });

  it('answers in the form that the client knows a refusal by', async () => {
    await harness.client.appendToStream('form-1', events(1));
    const call = batch();
    const options = new streams.BatchAppendReq.Options().setStreamIdentifier(identifier('form-1')).setNoStream(new GoogleEmpty());
    call.write(
      new streams.BatchAppendReq().setCorrelationId(uuid()).setOptions(options).setIsFinal(true).setProposedMessagesList([proposed()]),
    );
    const response = await answerOf(call);
    expect(typeOf(response)).toBe('event_store.client.WrongExpectedVersion');
    expect(response.getError()?.getMessage()).toBe('WrongExpectedVersion');
    expect(Buffer.from(response.getStreamIdentifier()!.getStreamName_asU8()).toString()).toBe('form-1');
    call.end();
  });
});

describe('a call whose deadline has passed', () => {
  it('is over for the client, and its append does not happen', async () => {
    const name = `late-${randomUUID()}`;
    const attempts = [{}, { credentials: { username: 'any', password: 'one' } }].map((mode) =>
      failureOf(harness.client.appendToStream(name, event(), { ...mode, deadline: -1 })),
    );
    for (const error of await Promise.all(attempts)) expect(error).toMatchObject({ type: 'deadline-exceeded' });
    expect(await failureOf(collect(harness.client.readStream(name)))).toMatchObject({ type: 'stream-not-found' });
  });
});
