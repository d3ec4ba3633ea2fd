// What a kustomize overlay must have besides fields that exist.
import { appOf } from './settings.check.mjs';
import { networkOf } from './network-policies.mjs';

/** Made outside of the overlay. */
const isExternalHost = (host) => host.includes('.');

/** Every pod: as little right as it needs, limits, and probes where it serves. */
export function checkPods(workloads) {
  return workloads.flatMap((workload) => {
    const { where, kind, object, container } = workload;
    const pod = object.spec.template.spec;
    const own = container.securityContext ?? {};
    const isOurs = appOf(workload) !== undefined;
    const expected = {
      runAsNonRoot: pod.securityContext?.runAsNonRoot === true,
      'a user by number': Number.isInteger(pod.securityContext?.runAsUser) && pod.securityContext.runAsUser > 0,
      'seccompProfile RuntimeDefault': pod.securityContext?.seccompProfile?.type === 'RuntimeDefault',
      'allowPrivilegeEscalation: false': own.allowPrivilegeEscalation === false,
      'capabilities dropped': own.capabilities?.drop?.includes('ALL') === true,
      readOnlyRootFilesystem: own.readOnlyRootFilesystem === true || !isOurs,
      'automountServiceAccountToken: false': pod.automountServiceAccountToken === false,
      'enableServiceLinks: false': pod.enableServiceLinks === false,
      'a ServiceAccount of its own': pod.serviceAccountName !== undefined && pod.serviceAccountName !== 'default',
      'requests and limits of CPU and memory': ['requests', 'limits'].every(
        (each) => container.resources?.[each]?.cpu && container.resources[each].memory,
      ),
      'one container': pod.containers.length === 1,
      ...(kind !== 'Job' && {
        'startup, liveness and readiness probes': Boolean(container.startupProbe && container.livenessProbe && container.readinessProbe),
      }),
      ...(kind !== 'Job' &&
        isOurs && {
          'probes of /health':
            container.livenessProbe?.httpGet?.path === '/health/live' && container.readinessProbe?.httpGet?.path === '/health/ready',
          'time to finish what is in hand': pod.terminationGracePeriodSeconds >= 45 && container.lifecycle?.preStop !== undefined,
          'maxUnavailable 0': object.spec.strategy?.rollingUpdate?.maxUnavailable === 0,
        }),
    };
    return Object.entries(expected).flatMap(([what, isTrue]) => (isTrue ? [] : [`${where}: lacks ${what}`]));
  });
}

/** What objects say of each other by name or label. */
export function checkReferences(objects, workloads, samples) {
  const names = (kind) => objects.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name);
  const has = (kind, name) => names(kind).includes(name) || `${kind}/${name}` in samples;
  const problems = [];
  const need = (where, kind, name) => name === undefined || has(kind, name) || problems.push(`${where}: there is no ${kind} ${name}`);
  for (const { where, object, labels, container } of workloads) {
    const { template, selector, volumeClaimTemplates = [] } = object.spec;
    need(where, 'ServiceAccount', template.spec.serviceAccountName);
    for (const volume of template.spec.volumes ?? []) {
      need(where, 'Secret', volume.secret?.secretName);
      need(where, 'ConfigMap', volume.configMap?.name);
      need(where, 'PersistentVolumeClaim', volume.persistentVolumeClaim?.claimName);
    }
    const volumes = [...(template.spec.volumes ?? []), ...volumeClaimTemplates.map(({ metadata }) => metadata)].map(({ name }) => name);
    for (const { name } of container.volumeMounts ?? []) if (!volumes.includes(name)) problems.push(`${where}: there is no volume ${name}`);
    if (selector && !Object.entries(selector.matchLabels).every(([key, value]) => labels[key] === value))
      problems.push(`${where}: its selector does not fit its labels`);
  }
  for (const { kind, metadata, spec } of objects) {
    if (kind === 'Service' && selectedBy(spec.selector, workloads).length !== 1)
      problems.push(`Service ${metadata.name}: leads to no pods, or to several kinds`);
    if (kind === 'PodDisruptionBudget' && selectedBy(spec.selector.matchLabels, workloads).length !== 1)
      problems.push(`PodDisruptionBudget ${metadata.name}: is about no pods, or about several kinds`);
    if (kind === 'HorizontalPodAutoscaler')
      need(`HorizontalPodAutoscaler ${metadata.name}`, spec.scaleTargetRef.kind, spec.scaleTargetRef.name);
  }
  return problems;
}

const selectedBy = (selector, workloads) =>
  workloads.filter(({ labels }) => Object.entries(selector).every(([key, value]) => labels[key] === value));

/** (workload, host, port) => what is wrong, or undefined: the Service, its pods' port, and the network policies between them. */
export function kubernetesReaches(objects, workloads) {
  const lets = networkOf(objects);
  return (from, host, port) => {
    const service = objects.find(({ kind, metadata }) => kind === 'Service' && metadata.name === host);
    if (!service && isExternalHost(host)) return lets(from, outsideOf(host), port);
    if (!service) return `there is no Service ${host}`;
    const servicePort = service.spec.ports.find((each) => each.port === port);
    if (!servicePort) return `Service ${host} has no port ${port}`;
    const [to] = selectedBy(service.spec.selector, workloads);
    const containerPort = to?.container.ports?.find(({ name, containerPort }) =>
      [name, containerPort].includes(servicePort.targetPort),
    )?.containerPort;
    if (containerPort === undefined) return `the pods of Service ${host} have no port ${servicePort.targetPort}`;
    return lets(from, to, containerPort);
  };
}

function outsideOf(host) {
  const inCluster = /^[^.]+\.([^.]+)\.svc(\.|$)/.exec(host);
  return inCluster ? { namespace: inCluster[1], labels: {} } : { address: true };
}

/** The gateway's metrics have a port of their own, because its other one is the public one. */
const metricsPortOf = ({ labels, env }) =>
  ({ service: Number(env.TONGBAO_PORT), gateway: Number(env.METRICS_PORT) })[labels['app.kubernetes.io/component']];

/** Who else must get through, and who must not. */
export function checkTraffic(objects, workloads) {
  const lets = networkOf(objects);
  const prometheus = { namespace: 'monitoring', labels: { 'app.kubernetes.io/name': 'prometheus' } };
  const stranger = { labels: { 'app.kubernetes.io/name': 'stranger' } };
  const ofPods = workloads.flatMap((workload) => {
    const { where, labels, ports } = workload;
    const component = labels['app.kubernetes.io/component'];
    const wrong = {
      'Prometheus is not let in':
        metricsPortOf(workload) !== undefined && lets(prometheus, workload, metricsPortOf(workload)) !== undefined,
      'the ingress is let in to the metrics':
        component === 'gateway' && lets({ namespace: 'ingress' }, workload, metricsPortOf(workload)) === undefined,
      'the ingress is not let in': component === 'gateway' && lets({ namespace: 'ingress' }, workload, 8080) !== undefined,
      'a stranger is let in': ports.some((port) => lets(stranger, workload, port) === undefined),
      'it is let out to everywhere': lets(workload, { address: true }, 22) === undefined,
    };
    return Object.entries(wrong).flatMap(([what, isTrue]) => (isTrue ? [`${where}: ${what}`] : []));
  });
  const isOpen = [stranger, { namespace: 'elsewhere', labels: {} }].some((from) => lets(from, { labels: {} }, 80) === undefined);
  return isOpen ? [...ofPods, 'what no policy names is let through'] : ofPods;
}

/** At least two of each process, and not all of them taken away at once. */
export function checkAvailability(objects, workloads) {
  return workloads
    .filter(({ kind }) => kind === 'Deployment')
    .flatMap(({ where, name, object }) => {
      const scaler = objects.find(({ kind, spec }) => kind === 'HorizontalPodAutoscaler' && spec.scaleTargetRef.name === name);
      const budget = objects.find(
        ({ kind, spec }) => kind === 'PodDisruptionBudget' && spec.selector.matchLabels['app.kubernetes.io/name'] === name,
      );
      const problems = [];
      if ((scaler ? scaler.spec.minReplicas : (object.spec.replicas ?? 1)) < 2) problems.push(`${where}: there is only one`);
      if (scaler && object.spec.replicas !== undefined) problems.push(`${where}: replicas is set beside its autoscaler`);
      if (!budget) problems.push(`${where}: lacks a PodDisruptionBudget`);
      if (!object.spec.template.spec.topologySpreadConstraints) problems.push(`${where}: lacks topologySpreadConstraints`);
      return problems;
    });
}

/** What the ingress lets in is what the services serve for the outside; what they serve for the inside stays there. */
export function checkIngress(objects, workloads, { servicePaths, sharedPaths }) {
  const ingresses = objects.filter(({ kind }) => kind === 'Ingress');
  const paths = ingresses.flatMap(({ spec }) => spec.rules.flatMap(({ http }) => http.paths));
  const isIn = (path) => paths.some((each) => path === each.path || (each.pathType === 'Prefix' && path.startsWith(`${each.path}/`)));
  const served = [...Object.values(servicePaths).flat(), ...sharedPaths, '/openapi.json'];
  const problems = served.filter((path) => !isIn(path)).map((path) => `${path} is served and not let in`);
  for (const path of ['/metrics', '/health/live', '/']) if (isIn(path)) problems.push(`${path} is let in`);
  for (const { backend } of paths) {
    const service = objects.find(({ kind, metadata }) => kind === 'Service' && metadata.name === backend.service.name);
    if (!service?.spec.ports.some(({ name, port }) => [name, port].includes(backend.service.port.name ?? backend.service.port.number)))
      problems.push(`there is no port ${String(backend.service.port.name)} of Service ${backend.service.name}`);
  }
  const publicUrls = new Set(workloads.map(({ env }) => env.TONGBAO_PUBLIC_URL).filter((url) => url !== undefined));
  for (const { spec } of ingresses)
    for (const { host } of spec.rules)
      if (![...publicUrls].every((url) => new URL(url).hostname === host)) problems.push(`${host} is not TONGBAO_PUBLIC_URL`);
  return problems;
}
