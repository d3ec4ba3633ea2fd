/** What the configuration says of the transparency log; see LogModule. */
export const LOG_SETTINGS = Symbol('LOG_SETTINGS');
