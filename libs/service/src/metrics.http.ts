import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { metrics } from '@tongbao/telemetry';

/** For Prometheus, on the process's own port. Open to whoever reaches that: a gateway or an ingress must not let it through. */
@ApiExcludeController()
@Controller('metrics')
export class MetricsController {
  @Get()
  @Header('content-type', metrics.contentType)
  scrape(): Promise<string> {
    return metrics.text();
  }
}
