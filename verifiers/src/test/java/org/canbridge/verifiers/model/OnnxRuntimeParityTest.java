package org.canbridge.verifiers.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Optional;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.published.PipelineFolder;
import org.canbridge.runtime.engine.EngineName;
import org.canbridge.runtime.engine.Target;
import org.canbridge.verifiers.ParityOptions;
import org.canbridge.verifiers.ParityReport;
import org.canbridge.verifiers.ReferenceBundle;
import org.canbridge.verifiers.junit.ParityAssertions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every family held against the authors' numbers in ONNX Runtime: outputs, every recorded module
 * inside, guidance, sampling runs and decoded images, within the tolerances that PyTorch has.
 */
class OnnxRuntimeParityTest {

  @ParameterizedTest
  @CsvSource({
    "dit-tiny, checkpoint.pt",
    "dit-tiny-fp16, checkpoint.pt",
    "dit-tiny-nosigma-p4, checkpoint.pt",
    "dit-diffusers-distinct, diffusion_pytorch_model.safetensors",
    "dit-pipeline, ''",
    "sit-tiny, checkpoint.pt",
    "uvit-tiny, nnet_ema.pth",
    "uvit-tiny-uncond-mlptime, nnet_ema.pth",
    "uvit-t2i-tiny, nnet_ema.pth",
    "efficientvit-b-tiny, efficientvit_b_tiny.pt",
    "efficientvit-timm-l-tiny, model.safetensors",
    "vae-tiny, diffusion_pytorch_model.safetensors",
    "taesd-diffusers-tiny, diffusion_pytorch_model.safetensors",
    "clip-text-tiny, model.safetensors",
    "clip-text-tiny-eos, model.safetensors"
  })
  void everyTensorOfTheBundleIsReproduced(String name, String file) {
    Path published = Fixtures.of(name).resolve(file);
    Optional<Path> vae = PipelineFolder.at(published).flatMap(PipelineFolder::autoencoder);
    Target target = Target.F32.on(EngineName.ONNXRUNTIME);
    try (ReferenceBundle bundle = ReferenceBundle.open(Fixtures.of(name));
        ModelSubject subject =
            ModelSubject.open(published, ImportOptions.defaults(), bundle, vae, target)) {
      ParityReport report = subject.check(ParityOptions.NONE);
      ParityAssertions.assertParity(report);
      assertEquals("ONNX Runtime, float32", report.environment().get("engine"));
    }
  }
}
