import { Text } from '@tongbao/service';

export class AssignmentBody {
  @Text({ max: 73, pattern: /^(platform|creator):[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, description: 'whose money it is' })
  party!: string;

  @Text({ min: 10, max: 500, description: 'what says so' })
  note!: string;
}
