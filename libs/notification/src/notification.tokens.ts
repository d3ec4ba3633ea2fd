/** Where webhooks may go: a TargetPolicy. */
export const TARGET_POLICY = Symbol('TARGET_POLICY');

/** DispatcherOptions: tests shorten the times. */
export const DISPATCHER_OPTIONS = Symbol('DISPATCHER_OPTIONS');
