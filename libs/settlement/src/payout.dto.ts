import { partyPattern } from '@tongbao/contracts';
import { Id, Text } from '@tongbao/service';

export class AssignmentBody {
  @Text({ max: 73, pattern: partyPattern, description: 'whose money it is' })
  party!: string;

  @Text({ min: 10, max: 500, description: 'what says so' })
  note!: string;
}

export class ApproveAssignmentBody {
  @Id({ max: 64, description: 'what is approved, so that nobody approves something else than they saw' })
  proposalId!: string;
}
