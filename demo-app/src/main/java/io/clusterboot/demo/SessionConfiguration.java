package io.clusterboot.demo;

import tools.jackson.databind.jsontype.BasicPolymorphicTypeValidator;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.serializer.GenericJacksonJsonRedisSerializer;
import org.springframework.data.redis.serializer.RedisSerializer;

/**
 * Has sessions written as JSON, and nothing read but types of this application. By
 * default, Java's serialization reads whatever class the bytes name.
 */
@Configuration(proxyBeanMethods = false)
class SessionConfiguration {

	@Bean
	RedisSerializer<Object> springSessionDefaultRedisSerializer() {
		BasicPolymorphicTypeValidator types = BasicPolymorphicTypeValidator.builder()
			.allowIfSubType("io.clusterboot.demo.")
			.build();
		return GenericJacksonJsonRedisSerializer.builder().enableDefaultTyping(types).build();
	}

}
