package org.canbridge.runtime.graph;

/**
 * How the tokens of a transformer lie in the image: {@code extra} condition tokens, then {@code
 * height * width} image tokens row by row, then {@code behind} condition tokens.
 *
 * @param extra tokens in front that are no part of the image
 * @param behind tokens behind it that are none
 * @param height rows of the grid
 * @param width columns of the grid
 */
public record TokenGrid(int extra, int behind, int height, int width) {

  /** A grid with nothing behind it. */
  public TokenGrid(int extra, int height, int width) {
    this(extra, 0, height, width);
  }

  /** Number of tokens N. */
  public int tokens() {
    return extra + height * width + behind;
  }

  /** Position behind the last image token. */
  public int end() {
    return extra + height * width;
  }
}
