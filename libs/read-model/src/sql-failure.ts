/** What PostgreSQL answers when it refuses; code is the SQLSTATE. Crosses from the worker to the main thread. */
export interface SqlFailure {
  message: string;
  code: string;
  detail?: string;
}

/** The data files themselves are broken: data_corrupted, index_corrupted. */
export const saysDamaged = ({ code }: SqlFailure): boolean => code === 'XX001' || code === 'XX002';
