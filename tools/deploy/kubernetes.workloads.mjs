// What a kustomize overlay runs, as the checks look at it.

const kinds = ['Deployment', 'StatefulSet', 'Job'];

/**
 * @param overlay its name
 * @param objects what kustomize builds from it
 * @param samples texts for what is made outside of the overlay: `Secret/payment` to its keys
 * @returns one workload for each pod template: where, name, kind, image, argv, env, contentOf(path), ports, labels, problems
 */
export function kubernetesWorkloads(overlay, objects, samples = {}) {
  return objects
    .filter(({ kind }) => kinds.includes(kind))
    .map((object) => {
      const { template } = object.spec;
      const [container] = template.spec.containers;
      const problems = [];
      const data = (kind, name, key) => valueOf(objects, samples, { kind, name, key }, problems);
      const { metadata } = template;
      return {
        where: `k8s/overlays/${overlay}: ${object.kind} ${object.metadata.name}`,
        name: object.metadata.name,
        kind: object.kind,
        object,
        container,
        image: container.image,
        argv: [...(container.command ?? []), ...(container.args ?? [])],
        env: envOf(container, metadata, data, problems),
        contentOf: (path) => contentOf(path, container, template.spec, data),
        ports: (container.ports ?? []).map(({ containerPort }) => containerPort),
        labels: metadata.labels ?? {},
        problems,
      };
    });
}

/** The variables as the kubelet makes them: of envFrom first, then of env, in which $(NAME) is what stands before. */
function envOf(container, metadata, data, problems) {
  const env = {};
  for (const { configMapRef } of container.envFrom ?? []) Object.assign(env, data('ConfigMap', configMapRef.name));
  for (const { name, value, valueFrom } of container.env ?? []) {
    const text = value ?? fromSource(valueFrom, metadata, data);
    env[name] = text?.replaceAll(/\$\((\w+)\)/g, (_, known) => {
      if (!(known in env)) problems.push(`${name}: $(${known}) is not set before it`);
      return env[known];
    });
  }
  return env;
}

function fromSource({ fieldRef, configMapKeyRef, secretKeyRef }, metadata, data) {
  if (configMapKeyRef) return data('ConfigMap', configMapKeyRef.name, configMapKeyRef.key);
  if (secretKeyRef) return data('Secret', secretKeyRef.name, secretKeyRef.key);
  const label = /^metadata\.labels\['(.+)'\]$/.exec(fieldRef.fieldPath);
  if (label) return metadata.labels[label[1]];
  return fieldRef.fieldPath === 'status.podIP' ? '10.1.2.3' : '';
}

function contentOf(path, container, { volumes = [] }, data) {
  const mount = (container.volumeMounts ?? []).find(({ mountPath }) => path.startsWith(`${mountPath}/`));
  const volume = volumes.find(({ name }) => name === mount?.name);
  const key = mount && path.slice(mount.mountPath.length + 1);
  if (volume?.secret) return data('Secret', volume.secret.secretName, key);
  if (volume?.configMap) return data('ConfigMap', volume.configMap.name, key);
  return undefined;
}

function valueOf(objects, samples, { kind, name, key }, problems) {
  const object = objects.find((each) => each.kind === kind && each.metadata.name === name);
  const values = object ? textsOf(object) : samples[`${kind}/${name}`];
  if (!values) problems.push(`there is no ${kind} ${name}`);
  else if (key !== undefined && !(key in values)) problems.push(`${kind} ${name} has no ${key}`);
  return key === undefined ? values : values?.[key];
}

const textsOf = ({ kind, data = {} }) =>
  kind === 'Secret'
    ? Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString().trim()]))
    : data;
