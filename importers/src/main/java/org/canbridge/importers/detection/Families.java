package org.canbridge.importers.detection;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.canbridge.importers.autoencoder.AutoencoderKlFamily;
import org.canbridge.importers.autoencoder.AutoencoderTinyFamily;
import org.canbridge.importers.cat.CatFamily;
import org.canbridge.importers.clip.ClipTextFamily;
import org.canbridge.importers.dit.DitFamily;
import org.canbridge.importers.efficientvit.EfficientVitFamily;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.PublishedModel;
import org.canbridge.importers.graph.GraphFamily;
import org.canbridge.importers.sit.SitFamily;
import org.canbridge.importers.uvit.UvitFamily;
import org.canbridge.tensors.files.Suggestion;

/** The families that can be imported. A new one is one line here. */
public final class Families {
  private static final List<Family> ALL =
      List.of(
          new DitFamily(),
          new SitFamily(),
          new UvitFamily(),
          new EfficientVitFamily(),
          new CatFamily(),
          new AutoencoderKlFamily(),
          new AutoencoderTinyFamily(),
          new ClipTextFamily());

  /** Of networks of no family; no file is recognised as one by its tensors. */
  private static final Family OF_GRAPHS = new GraphFamily();

  private Families() {}

  /** The family of networks that belong to none, and are read from their graphs. */
  public static Family ofGraphs() {
    return OF_GRAPHS;
  }

  /** All families whose tensors tell them. */
  public static List<Family> all() {
    return ALL;
  }

  /** The family of this name, e.g. {@code dit}. */
  public static Optional<Family> byName(String name) {
    return Stream.concat(ALL.stream(), Stream.of(OF_GRAPHS))
        .filter(family -> family.name().equals(name))
        .findFirst();
  }

  /** The family that published a model of this name, e.g. {@code DiT-XL/2}. */
  public static Optional<Family> byPublishedName(String name) {
    return ALL.stream().filter(family -> model(family, name).isPresent()).findFirst();
  }

  /**
   * A published model.
   *
   * @param name e.g. {@code DiT-XL/2}
   * @throws IllegalArgumentException if there is none; the message lists the names
   */
  public static PublishedModel published(String name) {
    List<PublishedModel> all = ALL.stream().flatMap(family -> family.published().stream()).toList();
    return all.stream()
        .filter(model -> model.name().equals(name))
        .findFirst()
        .orElseThrow(
            () -> {
              List<String> names = all.stream().map(PublishedModel::name).toList();
              return new IllegalArgumentException(
                  "no published model is named "
                      + name
                      + "; there are "
                      + String.join(", ", names)
                      + Suggestion.text(name, names));
            });
  }

  private static Optional<PublishedModel> model(Family family, String name) {
    return family.published().stream().filter(model -> model.name().equals(name)).findFirst();
  }
}
