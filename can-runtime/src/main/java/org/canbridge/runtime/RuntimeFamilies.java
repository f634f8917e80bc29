package org.canbridge.runtime;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.canbridge.importers.autoencoder.AutoencoderKlConfig;
import org.canbridge.importers.autoencoder.AutoencoderTinyConfig;
import org.canbridge.importers.cat.CatConfig;
import org.canbridge.importers.clip.ClipTextConfig;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.importers.efficientvit.EfficientVitConfig;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.graph.GraphConfig;
import org.canbridge.importers.sit.SitConfig;
import org.canbridge.importers.uvit.UvitConfig;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.family.autoencoder.AutoencoderKlRuntime;
import org.canbridge.runtime.family.autoencoder.AutoencoderTinyRuntime;
import org.canbridge.runtime.family.cat.CatRuntime;
import org.canbridge.runtime.family.clip.ClipTextRuntime;
import org.canbridge.runtime.family.dit.DitRuntime;
import org.canbridge.runtime.family.efficientvit.EfficientVitRuntime;
import org.canbridge.runtime.family.graph.GraphRuntime;
import org.canbridge.runtime.family.sit.SitRuntime;
import org.canbridge.runtime.family.uvit.UvitRuntime;

/** The families that can be run. A new one is one line here. */
public final class RuntimeFamilies {
  private static final Map<Class<?>, Line<?>> ALL =
      List.of(
              new Line<>(DitConfig.class, DitRuntime::new),
              new Line<>(SitConfig.class, SitRuntime::new),
              new Line<>(UvitConfig.class, UvitRuntime::new),
              new Line<>(EfficientVitConfig.class, EfficientVitRuntime::new),
              new Line<>(CatConfig.class, CatRuntime::new),
              new Line<>(AutoencoderKlConfig.class, AutoencoderKlRuntime::new),
              new Line<>(AutoencoderTinyConfig.class, AutoencoderTinyRuntime::new),
              new Line<>(ClipTextConfig.class, ClipTextRuntime::new),
              new Line<>(GraphConfig.class, GraphRuntime::new))
          .stream()
          .collect(Collectors.toUnmodifiableMap(Line::arguments, Function.identity()));

  private record Line<C extends ModelConfig>(
      Class<C> arguments, Function<C, RuntimeFamily> family) {
    RuntimeFamily of(ModelConfig config) {
      return family.apply(arguments.cast(config));
    }
  }

  private RuntimeFamilies() {}

  /**
   * What the runtime knows of the network with these arguments.
   *
   * @throws IllegalArgumentException if the family has no network here
   */
  public static RuntimeFamily of(ModelConfig config) {
    Line<?> line = ALL.get(config.getClass());
    if (line == null) {
      throw new IllegalArgumentException(
          "no network for the architecture '" + config.architecture() + "'");
    }
    return line.of(config);
  }
}
