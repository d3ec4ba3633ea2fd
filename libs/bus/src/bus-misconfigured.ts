/** The group cannot be started as it is declared, or on the topics as they are. */
export class BusMisconfigured extends Error {
  override readonly name = 'BusMisconfigured';
}
