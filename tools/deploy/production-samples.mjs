// Texts in the place of what production takes from outside: the secrets of the development overlay, and what only production has.

const addresses = {
  'event-store-url': 'esdb+discover://hub:secret@event-store.stores.example.org:2113?tls=true&tlsCAFile=/run/certificates/ca.crt',
  'database-url':
    'postgresql://service:secret@postgres.stores.example.org:5432/tongbao?sslmode=verify-full&sslrootcert=/run/certificates/ca.crt',
  'redis-url': 'rediss://hub:secret@redis.stores.example.org:6380/0',
};

/** @param objects of the development overlay @returns keys and texts by kind and name: `Secret/payment` */
export function productionSamples(objects, services) {
  const secrets = services.map((service) => {
    const { data } = objects.find(({ kind, metadata }) => kind === 'Secret' && metadata.name.startsWith(`${service}-`)) ?? { data: {} };
    const texts = Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString().trim()]);
    return [`Secret/${service}`, { ...Object.fromEntries(texts), ...addresses, 'kafka-password': 'a long random text' }];
  });
  return {
    ...Object.fromEntries(secrets),
    'Secret/topics': { 'kafka-password': 'a long random text' },
    'ConfigMap/certificate-authority': { 'ca.crt': 'certificates' },
  };
}

/** Names and keys that a document does not name. */
export function unnamed(text, { objects, workloads, samples }) {
  const used = workloads.flatMap(({ object, container }) => [
    ...(object.spec.template.spec.volumes ?? []).map(({ secret, configMap }) => secret?.secretName ?? configMap?.name),
    ...(container.env ?? []).map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
  ]);
  const own = objects.filter(({ kind }) => kind === 'Secret' || kind === 'ConfigMap').map(({ metadata }) => metadata.name);
  const external = [...new Set(used)].filter((name) => name !== undefined && !own.includes(name));
  const keys = external.flatMap((name) => Object.keys(samples[`Secret/${name}`] ?? samples[`ConfigMap/${name}`] ?? {}));
  return [...external, ...new Set(keys)].filter((name) => !text.includes(`\`${name}\``));
}
