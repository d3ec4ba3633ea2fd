/**
 * What a proposal is called: an approval names it, so that nobody approves something else than they saw. The same command proposes the same.
 * @param commandId of the command that proposes
 */
export const proposalIdOf = (commandId: string): string => `prp_${commandId.replace(/^cmd_/, '').slice(0, 20)}`;

/** The proposal's name, by its fact. Of what was proposed before proposals had names at most one waits in a stream, and none is added: it is `unnamed`. */
export const proposalIdIn = ({ proposalId = 'unnamed' }: { proposalId?: string }): string => proposalId;
