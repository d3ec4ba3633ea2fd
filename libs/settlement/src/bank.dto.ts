import { Text, TextList, validated } from '@tongbao/service';

export class BankReasonBody {
  @Text({ max: 500, description: 'why' })
  reason!: string;
}

export class BankEvidenceBody {
  @Text({ min: 10, max: 500, description: 'what it rests on' })
  note!: string;
}

export class DespiteLinesBody {
  @TextList({
    optional: true,
    min: 1,
    description:
      'lines of the bank that named it and wait in suspense: the bank may have moved the money, and whoever asks knows what they are',
  })
  despiteLines?: string[];
}

/** What a command is asked despite of; the body may be left out. */
export function despiteIn(body: unknown): { despite?: string[] } {
  const { despiteLines } = validated(DespiteLinesBody, body ?? {});
  return despiteLines ? { despite: despiteLines } : {};
}
