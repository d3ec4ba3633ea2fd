/** Why something is refused: each is one rule of a format, or one way in which a log can have been tampered with. */
export type LogRefusal =
  // Signed notes and their keys.
  | 'note_too_long'
  | 'note_not_utf8'
  | 'note_control_character'
  | 'note_unsigned'
  | 'note_signature_malformed'
  | 'note_too_many_signatures'
  | 'key_malformed'
  | 'key_name'
  | 'key_id'
  | 'key_type'
  | 'signature_missing'
  | 'signature_invalid'
  // Checkpoints, and what is signed on them.
  | 'checkpoint_malformed'
  | 'checkpoint_origin'
  | 'checkpoint_size'
  | 'checkpoint_root'
  | 'checkpoint_extension'
  | 'origin_differs'
  | 'log_signature_missing'
  | 'log_signature_invalid'
  | 'cosignature_invalid'
  | 'cosignatures_too_few'
  | 'policy_malformed'
  // Trees, tiles and entries.
  | 'out_of_range'
  | 'hash_length'
  | 'tile_path'
  | 'tile_missing'
  | 'tile_length'
  | 'bundle_length'
  | 'entry_too_long'
  | 'root_differs'
  // Receipts.
  | 'receipt_header'
  | 'receipt_extra'
  | 'receipt_index'
  | 'receipt_proof'
  | 'index_out_of_range'
  | 'inclusion_unproven'
  // Leaves of the journal.
  | 'commitment_key'
  | 'leaf_malformed'
  | 'leaf_entry'
  | 'opening_wrong'
  // Witnesses.
  | 'request_malformed'
  | 'answer_malformed'
  | 'log_unknown'
  | 'log_key_unknown'
  | 'log_inconsistent'
  | 'witness_ahead'
  | 'witness_failed';

/** Something does not keep a rule of the log; `code` says which one, the message more. */
export class LogRefused extends Error {
  override readonly name = 'LogRefused';
  constructor(
    readonly code: LogRefusal,
    detail: string,
    options?: ErrorOptions,
  ) {
    super(`${code}: ${detail}`, options);
  }
}
