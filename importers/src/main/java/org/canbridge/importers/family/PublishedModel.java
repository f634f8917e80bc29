package org.canbridge.importers.family;

/**
 * A network that its authors gave a name.
 *
 * @param name e.g. {@code DiT-XL/2}
 * @param defining the arguments that the name stands for
 * @param usual the arguments that may differ under the same name, with the values of the published
 *     checkpoint: image size, number of classes ...
 */
public record PublishedModel(String name, Arguments defining, Arguments usual) {

  /** All arguments. */
  public Arguments arguments() {
    Arguments all = usual;
    for (String argument : defining.names()) {
      all = all.with(argument, defining.get(argument).orElseThrow());
    }
    return all;
  }
}
