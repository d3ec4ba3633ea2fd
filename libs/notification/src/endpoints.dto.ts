import { Integer, Text, TextList, Timestamp } from '@tongbao/service';
import { newsTypes } from './news.js';

export class RegisterEndpointBody {
  @Text({ max: 2_048, description: 'https, at a public address', example: 'https://platform.example/hooks/tongbao' })
  url!: string;

  @TextList({
    optional: true,
    min: 1,
    max: 50,
    values: ['*', ...newsTypes],
    description: 'what to send; * (the default) is all, that of later releases included',
  })
  eventTypes?: string[];

  @Text({ optional: true, min: 0, max: 200 })
  description?: string;
}

export class RotateSecretBody {
  @Integer({ optional: true, min: 0, max: 168, description: 'hours that the old secret signs as well; 24 when left out' })
  overlapHours?: number;
}

export class RecoverBody {
  @Timestamp({ optional: true, description: 'queue what was missed since' })
  from?: string;

  @Integer({ optional: true, min: 0, description: 'as the answer before gave it: go on from there' })
  next?: number;
}
