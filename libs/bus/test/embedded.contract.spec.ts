import { describeBusContract } from './bus.contract.js';
import { embeddedHarness } from './embedded.harness.js';

describeBusContract('the embedded event store', embeddedHarness);
