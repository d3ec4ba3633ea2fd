import { afterAll, beforeAll, jest } from '@jest/globals';
import { describeBusContract } from './bus.contract.js';
import { KafkaHarness } from './kafka.harness.js';

jest.setTimeout(120_000);

const harness = new KafkaHarness();
beforeAll(() => harness.begin());
afterAll(() => harness.end());

describeBusContract('Apache Kafka', harness);
