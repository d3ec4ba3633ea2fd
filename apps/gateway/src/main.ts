import 'reflect-metadata';
import { runProcess } from '@tongbao/service';
import { Gateway } from './gateway.js';

runProcess('Tongbao gateway', async ({ host, port, metricsPort, gatewayRoutes, eventStoreUrl }, logger) => {
  const gateway = await Gateway.start({ host, port, metricsPort, routes: gatewayRoutes, logger });
  return { url: gateway.url, eventStoreUrl, says: { metrics: gateway.metricsUrl }, stop: () => gateway.stop() };
});
