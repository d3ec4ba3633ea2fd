import 'reflect-metadata';
import { runProcess } from '@tongbao/service';
import { Hub } from './hub.js';

runProcess('Tongbao', async (config, logger, onFatal) => {
  const hub = await Hub.start(config, logger, onFatal);
  return {
    url: hub.url,
    eventStoreUrl: hub.eventStoreUrl,
    says: { data: `${config.dataDir}         (operators' tokens: ${config.dataDir}/operators.json)` },
    stop: () => hub.stop(),
  };
});
