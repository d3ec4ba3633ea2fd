/** What a process gives to its services; see HubModule. */
export const EVENT_STORE = Symbol('EVENT_STORE');
export const LOG_FEED = Symbol('LOG_FEED');
export const SQL = Symbol('SQL');
export const CLOCK = Symbol('CLOCK');
export const LOGGER = Symbol('LOGGER');
export const HUB_CONFIG = Symbol('HUB_CONFIG');
export const PROJECTIONS = Symbol('PROJECTIONS');
export const PLATFORM_KEYS = Symbol('PLATFORM_KEYS');
export const OPERATORS = Symbol('OPERATORS');
export const HEALTH_CHECKS = Symbol('HEALTH_CHECKS');
export const BUS = Symbol('BUS');
/** Leadership of each service that the process hosts, by name: what only one process of a service may do. */
export const LEADERSHIP = Symbol('LEADERSHIP');
/** Metrics: who is asked for a figure when it is scraped. */
export const METRICS = Symbol('METRICS');
/** LoopWatch: whether every loop of the process makes progress. */
export const LOOPS = Symbol('LOOPS');
/** RelayStatuses: what publishes to the bus. */
export const RELAYS = Symbol('RELAYS');
/** Cache of libs/cache: Redis or memory; never needed for correctness. */
export const CACHE = Symbol('CACHE');
